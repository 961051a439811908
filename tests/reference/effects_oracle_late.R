# Makes effects_oracle_late.json from effects_oracle.csv.
# R 4.2.2, estimatr 1.0.0, AER 1.2-10, sandwich 3.0-2. Run in this folder: Rscript effects_oracle_late.R
suppressMessages({library(estimatr); library(AER); library(jsonlite)})
d <- read.csv("effects_oracle.csv")
i <- seq_len(nrow(d)) - 1
d$two <- as.integer(ifelse(d$treated == 1, i %% 4 != 0, i %% 7 == 0))
d$one <- d$treated * d$two
d$block <- factor(d$stratum)
row <- function(m, k) {
  t <- tidy(m); t <- t[t$term == k, ]
  list(estimate = t$estimate, std_error = t$std.error, df = t$df)
}
out <- list()
for (k in c("one", "two")) {
  plain <- as.formula(paste("hours ~", k, "| treated"))
  more <- as.formula(paste("hours ~", k, "+ age + weeks | treated + age + weeks"))
  for (se in c("classical", "HC0", "HC1", "HC2", "HC3")) {
    out[[paste0(k, "_", se)]] <- row(iv_robust(plain, d, se_type = se), k)
    out[[paste0(k, "_more_", se)]] <- row(iv_robust(more, d, se_type = se), k)
  }
  for (se in c("CR0", "stata", "CR2")) {
    out[[paste0(k, "_", se)]] <- row(iv_robust(plain, d, clusters = cluster, se_type = se), k)
    out[[paste0(k, "_more_", se)]] <-
      row(iv_robust(more, d, clusters = cluster, se_type = se), k)
  }
}
n <- ave(rep(1, nrow(d)), d$stratum, FUN = sum)
d$w <- n / ave(rep(1, nrow(d)), d$stratum, d$treated, FUN = sum)
out$weighted <- row(iv_robust(
  hours ~ two + age + block | treated + age + block, d, weights = w, se_type = "HC2"), "two")
m <- ivreg(hours ~ two + age + weeks | treated + age + weeks, data = d)
for (type in c("HC0", "HC1")) {
  out[[paste0("aer_", type)]] <- list(
    estimate = unname(coef(m)["two"]), std_error = sqrt(vcovHC(m, type = type)["two", "two"]))
}
out$aer_weak_f <- summary(m, diagnostics = TRUE)$diagnostics["Weak instruments", "statistic"]
first <- lm_robust(two ~ treated, d, se_type = "HC2")
out$first <- row(first, "treated")
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, pretty = TRUE), "effects_oracle_late.json")
