# Draws exits_weekly.csv and answers it with R's survival: exits_weekly.json.
# Made with R 4.2.2, survival 3.5-3, jsonlite 1.8.4:  Rscript exits_weekly.R
suppressMessages({library(survival); library(jsonlite)})
set.seed(20240607)
n_site <- 4; n_cluster <- 9; size <- 9
trial <- expand.grid(person = 1:size, cluster = 1:n_cluster, site = 1:n_site)
trial$cluster <- (trial$site - 1) * n_cluster + trial$cluster
share <- c(3, 5, 6, 4)                                  # treated clusters of nine
trial$arm <- as.integer((trial$cluster - 1) %% n_cluster < share[trial$site])
n <- nrow(trial)
trial$age <- sample(20:60, n, TRUE)
trial$benefit <- sample(c("cash", "rehabilitation", "sickness"), n, TRUE)
frailty <- rgamma(n_site * n_cluster, 4, 4)[trial$cluster]
hazard <- .03 * trial$site * frailty * exp(.4 * trial$arm - .02 * (trial$age - 40))
exit <- ceiling(rexp(n) / hazard)
follow <- sample(8:40, n, TRUE)
follow[sample(n, 6)] <- 0                               # never followed
trial$week <- pmin(exit, follow)
trial$left <- as.integer(exit <= follow)
trial$to <- ifelse(trial$left == 1, sample(c("education", "job", "pension"), n, TRUE,
                                           c(.2, .6, .2)), "")
trial <- trial[sample(n), c("site", "cluster", "arm", "age", "benefit", "week", "left", "to")]
write.csv(trial, "exits_weekly.csv", row.names = FALSE, quote = FALSE)
last <- max(trial$week); weeks <- 0:last
answers <- list()

cox <- function(formula, ties) {
  plain <- coxph(formula, trial, ties = ties)
  robust <- coxph(update(formula, . ~ . + cluster(cluster)), trial, ties = ties)
  persons <- coxph(formula, trial, ties = ties, robust = TRUE)
  list(coef = unname(coef(plain)), vcov = unname(vcov(plain)), loglik = plain$loglik,
       score = unname(plain$score), cluster_vcov = unname(vcov(robust)),
       person_vcov = unname(vcov(persons)))
}
full <- Surv(week, left) ~ arm + age + benefit + strata(site)
for (ties in c("efron", "breslow")) {
  answers[[paste0("cox_full_", ties)]] <- cox(full, ties)
  answers[[paste0("cox_arm_", ties)]] <- cox(Surv(week, left) ~ arm + strata(site), ties)
  answers[[paste0("cox_plain_", ties)]] <- cox(Surv(week, left) ~ arm + age, ties)
}
for (name in c("logrank", "logrank_stratified")) {
  formula <- if (name == "logrank") Surv(week, left) ~ arm else
    Surv(week, left) ~ arm + strata(site)
  test <- survdiff(formula, trial)
  answers[[name]] <- list(observed = sum(as.matrix(test$obs)[2, ]),
                          expected = sum(as.matrix(test$exp)[2, ]),
                          variance = test$var[2, 2], chisq = test$chisq)
}
curve <- function(fit) {
  s <- summary(fit, times = weeks, extend = TRUE)
  list(values = s$surv, std_error = s$std.err, low = s$lower, high = s$upper,
       at_risk = s$n.risk, events = s$n.event)
}
to <- function(d) Surv(d$week, factor(d$to, c("", "education", "job", "pension")))
competing <- function(fit) {
  s <- summary(fit, times = weeks, extend = TRUE)
  list(values = s$pstate[, -1], std_error = s$std.err[, -1], low = s$lower[, -1],
       high = s$upper[, -1])
}
for (a in 0:1) {
  d <- trial[trial$arm == a, ]
  fit <- survfit(Surv(week, left) ~ 1, d, conf.type = "log-log")
  answers[[paste0("km_", a)]] <- curve(fit)
  answers[[paste0("quantiles_", a)]] <- lapply(quantile(fit, c(.1, .25, .5)), unname)
  answers[[paste0("km_cluster_", a)]] <-
    curve(survfit(Surv(week, left) ~ 1, d, conf.type = "log-log", cluster = cluster))
  answers[[paste0("aj_", a)]] <- competing(survfit(to(d) ~ 1, conf.type = "log-log"))
  # survfit of several states takes cluster= but does not use it: add up its influences
  fit <- survfit(to(d) ~ 1, influence = TRUE)
  stopifnot(dim(fit$influence.pstate)[2] == length(fit$time) + 1)  # first: the start
  sums <- sapply(2:4, function(k)
    sqrt(colSums(rowsum(fit$influence.pstate[, -1, k], d$cluster)^2)))
  answers[[paste0("aj_cluster_", a)]] <- list(weeks = fit$time, std_error = sums)
  answers[[paste0("sites_", a)]] <- lapply(1:n_site, function(s) {
    within <- trial$arm == a & trial$site == s
    list(last = max(trial$week[within]), share = mean(trial$site == s),
         km = curve(survfit(Surv(week, left) ~ 1, trial[within, ])),
         km_cluster = curve(survfit(Surv(week, left) ~ 1, trial[within, ], cluster = cluster)),
         aj = competing(survfit(to(trial[within, ]) ~ 1)))
  })
}
write_json(answers, "exits_weekly.json", digits = 14, na = "null", auto_unbox = TRUE)
