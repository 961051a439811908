# Answers of R for hours with many zeros: quantreg, glm with sandwich.
# Run in this folder: Rscript effects_oracle_hours.R. It writes the data (CSV) and answers (JSON).
suppressPackageStartupMessages({library(quantreg); library(sandwich); library(jsonlite)})

set.seed(20170201)
n <- 240
stratum <- rep(1:3, c(100, 80, 60))
z <- as.integer(unlist(lapply(1:3, function(s) {
  m <- sum(stratum == s); sample(seq_len(m) <= round(m * c(.3, .5, .7)[s]))
})))
office <- 10 * stratum + ifelse(z == 1, 5, 0) + sample(0:3, n, replace = TRUE)
age <- round(rnorm(n, 45, 9))
hours <- round(rbinom(n, 1, .55 + .1 * z) * rgamma(n, 4, scale = 4.5) + 1.5 * z * rbinom(n, 1, .5), 2)
data <- data.frame(z, stratum, office, age, hours)
write.csv(data, "effects_oracle_hours.csv", row.names = FALSE)

# each arm stands for everyone drawn
cell <- ave(rep(1, n), stratum, z, FUN = sum)
weight <- ave(rep(1, n), stratum, FUN = sum) / cell

# odd heights, which no share of persons hits, so that the quantile is one value
heights <- c(.1003, .2503, .5003, .7503, .9003)
quantiles <- lapply(heights, function(tau) {
  plain <- coef(rq(hours ~ z, tau = tau, data = data, method = "br"))
  weighted <- coef(rq(hours ~ z, tau = tau, data = data, weights = weight, method = "br"))
  list(tau = tau, plain = unname(plain), weighted = unname(weighted))
})

poisson_fit <- glm(hours ~ z + age + factor(stratum), family = quasipoisson, data = data,
                   control = list(epsilon = 1e-14, maxit = 100))
ratio_fit <- glm(hours ~ z, family = quasipoisson, data = data, weights = weight,
                 control = list(epsilon = 1e-14, maxit = 100))
answers <- list(
  versions = list(R = as.character(getRversion()), quantreg = as.character(packageVersion("quantreg")),
                  sandwich = as.character(packageVersion("sandwich"))),
  quantiles = quantiles,
  ppml = list(
    coef = unname(coef(poisson_fit)),
    classical = unname(sqrt(diag(vcov(poisson_fit)))),
    HC0 = unname(sqrt(diag(vcovHC(poisson_fit, type = "HC0")))),
    HC3 = unname(sqrt(diag(vcovHC(poisson_fit, type = "HC3")))),
    CR0 = unname(sqrt(diag(vcovCL(poisson_fit, cluster = data$office, type = "HC0", cadjust = FALSE)))),
    dispersion = summary(poisson_fit)$dispersion),
  ratio = list(log_ratio = unname(coef(ratio_fit)[2]))
)
write_json(answers, "effects_oracle_hours.json", digits = NA, pretty = TRUE, auto_unbox = TRUE)
