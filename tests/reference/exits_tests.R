# Answers exits_weekly.csv with R's cmprsk, survival and coin: exits_tests.json.
# Made with R 4.2.2, cmprsk 2.2-11, survival 3.5-3, coin 1.4-2, jsonlite 1.8.4:
#   Rscript exits_tests.R
suppressMessages({library(cmprsk); library(survival); library(coin); library(jsonlite)})
trial <- read.csv("exits_weekly.csv")
answers <- list()

for (rho in 0:1) for (strata in c(FALSE, TRUE)) {
  test <- if (strata) cuminc(trial$week, trial$to, trial$arm, trial$site, rho, cencode = "") else
    cuminc(trial$week, trial$to, trial$arm, rho = rho, cencode = "")
  name <- sprintf("gray_%d_%s", rho, if (strata) "stratified" else "plain")
  answers[[name]] <- as.list(test$Tests[, "stat"])
}
for (rho in c(0, 1, .5)) for (strata in c(FALSE, TRUE)) {
  formula <- if (strata) Surv(week, left) ~ arm + strata(site) else Surv(week, left) ~ arm
  name <- sprintf("peto_%g_%s", rho, if (strata) "stratified" else "plain")
  answers[[name]] <- survdiff(formula, trial, rho = rho)$chisq
}
# the own moments of the lottery: martingale residuals of no covariates, treated against control
trial$score <- residuals(coxph(Surv(week, left) ~ strata(site), trial, ties = "breslow"))
test <- independence_test(score ~ factor(arm) | factor(site), trial,
                          distribution = "asymptotic", teststat = "quadratic")
answers$lottery_stratified <- unname(statistic(test))
trial$score <- residuals(coxph(Surv(week, left) ~ 1, trial, ties = "breslow"))
test <- independence_test(score ~ factor(arm), trial,
                          distribution = "asymptotic", teststat = "quadratic")
answers$lottery_plain <- unname(statistic(test))
few <- trial[trial$site == 1 & trial$week > 0, ][1:18, ]
few$score <- residuals(coxph(Surv(week, left) ~ 1, few, ties = "breslow"))
answers$exact_first_18 <- as.numeric(pvalue(independence_test(
  score ~ factor(arm), few, distribution = exact("split-up"))))
write_json(answers, "exits_tests.json", digits = 14, auto_unbox = TRUE)
