# Draws exits_incidence.csv and answers it with R's survival and cmprsk: exits_incidence.json.
# Made with R 4.2.2, survival 3.5-3, cmprsk 2.2-11, jsonlite 1.8.4:  Rscript exits_incidence.R
suppressMessages({library(survival); library(cmprsk); library(jsonlite)})
set.seed(20240611)
n_site <- 3; size <- 110
trial <- expand.grid(person = 1:size, site = 1:n_site)
share <- c(.3, .5, .65)
trial$arm <- as.integer(trial$person <= share[trial$site] * size)
n <- nrow(trial)
trial$person <- 1:n
trial$age <- sample(20:60, n, TRUE)
job <- ceiling(rexp(n) / (.03 * trial$site * exp(.4 * trial$arm - .02 * (trial$age - 40))))
pension <- ceiling(rexp(n) / (.012 * (4 - trial$site) * exp(.03 * (trial$age - 40))))
school <- ceiling(rexp(n) / .008)
follow <- 4 + 2 * trial$site + sample(0:22, n, TRUE)
exit <- pmin(job, pension, school)
trial$week <- pmin(exit, follow)
to <- ifelse(exit == job, "job", ifelse(exit == pension, "pension", "school"))
trial$to <- ifelse(exit <= follow, to, "")
trial$entry <- ifelse(trial$week > 1 & runif(n) < .4, floor(runif(n) * pmin(trial$week, 9)), 0)
trial <- trial[sample(n), c("person", "site", "arm", "age", "week", "to", "entry")]
write.csv(trial, "exits_incidence.csv", row.names = FALSE, quote = FALSE)
states <- c("", "job", "pension", "school")
trial$state <- factor(trial$to, states)
weeks <- 0:max(trial$week)
answers <- list()

incidence <- function(fit) {
  s <- summary(fit, times = weeks, extend = TRUE)
  list(values = s$pstate[, -1], std_error = s$std.err[, -1])
}
areas <- function(fit, horizon) {           # destinations, then not yet left
  table <- summary(fit, rmean = horizon)$table
  list(values = unname(table[c(2:4, 1), "rmean"]),
       std_error = unname(table[c(2:4, 1), "se(rmean)"]))
}
for (a in 0:1) {
  d <- trial[trial$arm == a, ]
  plain <- survfit(Surv(week, state) ~ 1, d, influence = TRUE)
  answers[[paste0("aj_", a)]] <- incidence(plain)
  answers[[paste0("areas_", a)]] <- areas(plain, 20)
  # covariance of the incidence of a job at weeks 3, 8 and 14, from persons' influences
  stopifnot(dim(plain$influence.pstate)[2] == length(plain$time) + 1)  # first: the start
  at <- match(c(3, 8, 14), plain$time) + 1
  u <- plain$influence.pstate[, at, 2]
  answers[[paste0("covariance_", a)]] <- crossprod(u)
  late <- survfit(Surv(entry, week, state) ~ 1, d, id = person)
  answers[[paste0("late_", a)]] <- incidence(late)
  answers[[paste0("sites_", a)]] <- lapply(1:n_site, function(s) {
    within <- trial[trial$arm == a & trial$site == s, ]
    areas(survfit(Surv(week, state) ~ 1, within, influence = TRUE), 14)
  })
  g <- cuminc(d$week, d$to, cencode = "")    # Aalen's variance, not the jackknife's
  answers[[paste0("cuminc_", a)]] <- lapply(g, function(k) {
    p <- timepoints(list(k), weeks[weeks <= 16]); list(values = c(p$est), std_error = sqrt(c(p$var)))
  })
}
status <- match(trial$to, states) - 1       # 0 censored, 1 job
for (which in c("arm", "arm_age")) {
  x <- if (which == "arm") cbind(arm = trial$arm) else cbind(arm = trial$arm, age = trial$age)
  grey <- crr(trial$week, status, x, gtol = 1e-11, maxiter = 30)
  by_arm <- crr(trial$week, status, x, cengroup = trial$arm, gtol = 1e-11, maxiter = 30)
  answers[[paste0("crr_", which)]] <-
    list(coef = unname(grey$coef), vcov = grey$var, information = solve(grey$invinf),
         loglik = grey$loglik, loglik_null = grey$loglik.null,
         by_arm_coef = unname(by_arm$coef), by_arm_vcov = by_arm$var)
  stopifnot(grey$converged, by_arm$converged)
  # strata: the same scores, informations and meats, summed over sites at a common coefficient
  pieces <- function(beta) lapply(1:n_site, function(s) {
    mine <- trial$site == s
    f <- suppressWarnings(crr(trial$week[mine], status[mine], x[mine, , drop = FALSE],
                              init = beta, maxiter = 0))
    h <- solve(f$invinf)
    list(score = colSums(as.matrix(f$res)), h = h, meat = h %*% f$var %*% h)
  })
  beta <- rep(0, ncol(x))
  for (i in 1:30) {
    p <- pieces(beta)
    step <- solve(Reduce(`+`, lapply(p, `[[`, "h")), Reduce(`+`, lapply(p, `[[`, "score")))
    beta <- beta + c(step)
  }
  stopifnot(max(abs(step)) < 1e-10)
  p <- pieces(beta)
  h <- Reduce(`+`, lapply(p, `[[`, "h")); meat <- Reduce(`+`, lapply(p, `[[`, "meat"))
  answers[[paste0("strata_breslow_", which)]] <-
    list(coef = beta, information = h, vcov = solve(h) %*% meat %*% solve(h))
  for (strata in c(FALSE, TRUE)) {
    base <- if (which == "arm") "arm" else "arm + age"
    within <- if (strata) " + strata(site)" else ""
    long <- finegray(as.formula(paste("Surv(week, state) ~ arm + age + site + person", within)),
                     trial, etype = "job")
    if (strata) long$site <- trial$site[match(long$person, trial$person)]
    fit <- coxph(as.formula(paste("Surv(fgstart, fgstop, fgstatus) ~", base, within)), long,
                 weights = fgwt, cluster = person, ties = "efron")
    answers[[paste0(if (strata) "strata_efron_" else "efron_", which)]] <-
      list(coef = unname(coef(fit)), vcov = unname(fit$naive.var), loglik = fit$loglik,
           known_weights_vcov = unname(fit$var))
  }
}
write_json(answers, "exits_incidence.json", digits = 14, na = "null", auto_unbox = TRUE)
