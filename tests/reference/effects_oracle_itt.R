# Makes effects_oracle_itt.json from effects_oracle_itt.csv.
# R 4.2.2, estimatr 1.0.0, clubSandwich 0.5.8. Run in this folder: Rscript effects_oracle_itt.R
suppressMessages({library(estimatr); library(clubSandwich); library(jsonlite)})
d <- read.csv("effects_oracle_itt.csv")
d$block <- factor(d$region)
out <- list()
row <- function(m, k = "treated") {
  t <- tidy(m); t <- t[t$term == k, ]
  list(estimate = t$estimate, std_error = t$std.error, df = t$df)
}
# Pairs of persons and of clusters; clusters within strata (df differ by definition: left out)
out$pairs <- row(difference_in_means(hours ~ z, d, blocks = pair), "z")
out$cluster_pairs <- row(difference_in_means(hours ~ treated, d, blocks = site, clusters = office))
out$cluster_blocks <- row(difference_in_means(hours ~ treated, d, blocks = region, clusters = office))

# Sampling weights
out$weighted_difference <- row(difference_in_means(hours ~ z, d, weights = weight), "z")
for (se in c("HC0", "HC1", "HC2", "HC3")) {
  out[[paste0("weighted_", se)]] <- row(lm_robust(hours ~ z, d, weights = weight, se_type = se), "z")
  out[[paste0("weighted_ancova_", se)]] <-
    row(lm_robust(hours ~ z + age, d, weights = weight, se_type = se), "z")
  out[[paste0("weighted_lin_", se)]] <-
    row(lm_lin(hours ~ z, ~ age, d, weights = weight, se_type = se), "z")
  out[[paste0("weighted_blocked_", se)]] <-
    row(lm_lin(hours ~ z, ~ block, d, weights = weight, se_type = se), "z")
}
out$weighted_blocked_lin_HC2 <- row(lm_lin(hours ~ z, ~ age + block, d, weights = weight), "z")
d$ip <- d$weight / ifelse(d$z == 1, d$age / 100, 1 - d$age / 100)
out$weighted_hajek <- row(lm_robust(hours ~ z, d, weights = ip, se_type = "HC2"), "z")
for (se in c("CR0", "stata", "CR2")) {
  out[[paste0("weighted_cluster_", se)]] <-
    row(lm_robust(hours ~ treated, d, weights = weight, clusters = office, se_type = se))
}

# Cluster-robust errors with Satterthwaite's degrees of freedom
club <- function(m, type, test = "Satterthwaite", k = "treated") {
  t <- coef_test(m, vcov = type, cluster = d$office, test = test)
  list(estimate = t[k, "beta"], std_error = t[k, "SE"], df = t[k, "df_Satt"])
}
models <- list(
  plain = lm(hours ~ treated, d),
  ancova = lm(hours ~ treated + age, d),
  weighted = lm(hours ~ treated, d, weights = weight),
  weighted_ancova = lm(hours ~ treated + age, d, weights = weight)
)
for (m in names(models)) for (type in c("CR0", "CR1S", "CR2", "CR3"))
  out[[paste("club", m, type, sep = "_")]] <- club(models[[m]], type)
d$away <- d$region - mean(d$region)
within <- lm(hours ~ treated * away, d)
for (type in c("CR2", "CR3")) out[[paste0("club_blocked_", type)]] <- club(within, type)

# Every person a cluster: HC2 with the degrees of freedom of Bell and McCaffrey
persons <- function(m) {
  t <- coef_test(m, vcov = "CR2", cluster = seq_len(nrow(d)), test = "Satterthwaite")
  list(estimate = t["z", "beta"], std_error = t["z", "SE"], df = t["z", "df_Satt"])
}
out$person_plain <- persons(lm(hours ~ z, d))
out$person_ancova <- persons(lm(hours ~ z + age, d))

# Imbens & Kolesar (2016) written out with n x n matrices
imbens_kolesar <- function(m) {
  x <- model.matrix(m); u <- resid(m); n <- nrow(x); g <- d$office
  h <- x %*% solve(crossprod(x), t(x)); maker <- diag(n) - h
  same <- outer(g, g, "==")
  shared <- (sum(same * outer(u, u)) - sum(u^2)) / (sum(same) - n)
  omega <- (sum(u^2) / n - shared) * diag(n) + shared * same
  load <- x %*% solve(crossprod(x))[, "treated"]
  columns <- sapply(unique(g), function(s) {
    mine <- g == s
    e <- eigen(maker[mine, mine, drop = FALSE], symmetric = TRUE)
    a <- e$vectors %*% (1 / sqrt(e$values) * t(e$vectors))
    maker[, mine, drop = FALSE] %*% a %*% load[mine]
  })
  l <- eigen(t(columns) %*% omega %*% columns, symmetric = TRUE)$values
  list(estimate = coef(m)[["treated"]], df = sum(l)^2 / sum(l^2))
}
out$imbens_kolesar_plain <- imbens_kolesar(models$plain)
out$imbens_kolesar_ancova <- imbens_kolesar(models$ancova)
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, pretty = TRUE), "effects_oracle_itt.json")
