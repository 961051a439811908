# Answers for exits_weekly.csv (from exits_weekly.R) by R's survreg and glm: exits_parametric.json.
# Made with R 4.2.2, survival 3.5-3, jsonlite 1.8.4:  Rscript exits_parametric.R
suppressMessages({library(survival); library(jsonlite)})
trial <- read.csv("exits_weekly.csv", na.strings = "")
trial <- trial[trial$week > 0, ]                      # survreg takes no duration of 0
trial$site <- factor(trial$site)
answers <- list()

aft <- function(response, dist) {
  right <- ~ arm + age + benefit + site
  formula <- as.formula(paste(response, "~", deparse(right[[2]])))
  plain <- survreg(formula, trial, dist = dist, control = list(rel.tolerance = 1e-12))
  robust <- survreg(formula, trial, dist = dist, cluster = cluster,
                    control = list(rel.tolerance = 1e-12))
  list(coef = unname(coef(plain)), log_scale = log(plain$scale), vcov = unname(vcov(plain)),
       cluster_vcov = unname(vcov(robust)), loglik = plain$loglik[2])
}
exact <- "Surv(week, left)"
trial$low <- ifelse(trial$left == 1, ifelse(trial$week > 1, trial$week - 1, NA), trial$week)
trial$high <- ifelse(trial$left == 1, trial$week, NA)
within <- "Surv(low, high, type = 'interval2')"
for (dist in c("exponential", "weibull", "lognormal", "loglogistic")) {
  answers[[paste0(dist, "_exact")]] <- aft(exact, dist)
  answers[[paste0(dist, "_grouped")]] <- aft(within, dist)
}

weeks <- trial[rep(seq_len(nrow(trial)), trial$week), ]
weeks$t <- sequence(trial$week)
weeks$out <- as.integer(weeks$left == 1 & weeks$t == weeks$week)
weeks$period <- cut(weeks$t, c(0, 6, 15, Inf))
answer <- function(baseline, family, rows = weeks) {
  formula <- as.formula(paste("out ~ arm + age + benefit + site +", baseline))
  fit <- glm(formula, family, rows, control = list(epsilon = 1e-14, maxit = 100))
  own <- c("arm", "age", "benefitrehabilitation", "benefitsickness", paste0("site", 2:4))
  list(coef = unname(coef(fit)[own]), vcov = unname(vcov(fit)[own, own]),
       deviance = fit$deviance, loglik = as.numeric(logLik(fit)))
}
some <- weeks[weeks$t %in% weeks$t[weeks$out == 1], ]  # other weeks say nothing
for (link in c("cloglog", "logit")) {
  answers[[paste0(link, "_free")]] <- answer("factor(t)", binomial(link), some)
  answers[[paste0(link, "_quadratic")]] <- answer("t + I(t^2)", binomial(link))
  answers[[paste0(link, "_log")]] <- answer("log(t)", binomial(link))
  answers[[paste0(link, "_periods")]] <- answer("period", binomial(link))
}
answers$piecewise <- answer("period", poisson)
write_json(answers, "exits_parametric.json", digits = 14, na = "null", auto_unbox = TRUE)
