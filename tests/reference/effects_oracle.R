# Makes effects_oracle.json from effects_oracle.csv.
# R 4.2.2, estimatr 1.0.0, clubSandwich 0.5.8. Run in this folder: Rscript effects_oracle.R
suppressMessages({library(estimatr); library(clubSandwich); library(jsonlite)})
d <- read.csv("effects_oracle.csv")
d$block <- factor(d$stratum)
row <- function(m, k = "treated") {
  t <- tidy(m); t <- t[t$term == k, ]
  list(estimate = t$estimate, std_error = t$std.error, df = t$df)
}
out <- list()
out$welch <- row(difference_in_means(hours ~ treated, d))
out$blocked <- row(difference_in_means(hours ~ treated, d, blocks = stratum))
for (se in c("classical", "HC0", "HC1", "HC2", "HC3")) {
  out[[paste0("ancova_", se)]] <- row(lm_robust(hours ~ treated + age + weeks, d, se_type = se))
  out[[paste0("lin_", se)]] <- row(lm_lin(hours ~ treated, ~ age + weeks + block, d, se_type = se))
}
n <- ave(rep(1, nrow(d)), d$stratum, FUN = sum)
d$w <- n / ave(rep(1, nrow(d)), d$stratum, d$treated, FUN = sum)
out$ancova_strata <- row(lm_robust(hours ~ treated + age + block, d, weights = w, se_type = "HC2"))
d$ip <- ifelse(d$treated == 1, 1 / d$probability, 1 / (1 - d$probability))
for (se in c("HC0", "HC1", "HC2", "HC3")) {
  out[[paste0("hajek_", se)]] <- row(lm_robust(hours ~ treated, d, weights = ip, se_type = se))
}
for (se in c("CR0", "stata", "CR2")) {
  out[[paste0("cluster_", se)]] <- row(lm_robust(hours ~ treated, d, clusters = cluster, se_type = se))
  out[[paste0("cluster_ancova_", se)]] <-
    row(lm_robust(hours ~ treated + age + weeks, d, clusters = cluster, se_type = se))
  out[[paste0("cluster_hajek_", se)]] <-
    row(lm_robust(hours ~ treated, d, clusters = cluster, weights = ip, se_type = se))
}
out$cluster_lin_CR2 <- row(lm_lin(hours ~ treated, ~ age, d, clusters = cluster, se_type = "CR2"))
club <- function(m) {
  t <- coef_test(m, vcov = "CR2", cluster = d$cluster, test = "Satterthwaite")
  list(estimate = t["treated", "beta"], std_error = t["treated", "SE"], df = t["treated", "df_Satt"])
}
out$club <- club(lm(hours ~ treated, d))
out$club_ancova <- club(lm(hours ~ treated + age + weeks, d))
out$club_hajek <- club(lm(hours ~ treated, d, weights = ip))
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, pretty = TRUE), "effects_oracle.json")
