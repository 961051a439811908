# Recurrent events on R's bladder2 and bladder1: Rscript exits_recurrence.R > exits_recurrence.json
# survival 3.5-3, mets 1.3.2
suppressMessages({library(survival); library(mets); library(jsonlite)})
times <- c(12, 24, 36)

ag <- function(formula, data, ...) {
  plain <- coxph(formula, data, ...)
  robust <- coxph(formula, data, cluster = id, ...)
  list(coef = unname(coef(plain)), se = unname(sqrt(diag(vcov(plain)))),
       robust = unname(sqrt(diag(vcov(robust)))))
}
mcf <- function(data) {
  fit <- summary(survfit(Surv(start, stop, event) ~ rx, data, id = id, cluster = id), times = times)
  split(data.frame(mean = fit$cumhaz, se = fit$std.chaz), fit$strata)
}
bladder2$size_group <- bladder2$size > 1

# Deaths end the events: bladder1 has them (status 2 = of bladder cancer, 3 = of another cause).
# mets takes tied events one after another, so each row gets a time of its own.
rows <- subset(bladder1, start < stop & treatment != "pyridoxine")
rows <- data.frame(id = rows$id, arm = as.character(rows$treatment),
                   stop = rank(rows$stop, ties.method = "first"),
                   event = as.integer(rows$status == 1), dead = as.integer(rows$status >= 2))
rows$start <- ave(rows$stop, rows$id, FUN = function(t) c(0, t[-length(t)]))
untied <- c(40, 100, 160)
ghosh_lin <- lapply(c(placebo = "placebo", thiotepa = "thiotepa"), function(arm) {
  one <- rows[rows$arm == arm, ]
  fit <- recurrentMarginal(phreg(Surv(start, stop, event) ~ cluster(id), data = one),
                           phreg(Surv(start, stop, dead) ~ cluster(id), data = one))
  at <- findInterval(untied, fit$times)
  list(mean = fit$mu[at], se = fit$se.mu[at])
})

cat(toJSON(list(
  efron = ag(Surv(start, stop, event) ~ rx + size + number, bladder2),
  breslow = ag(Surv(start, stop, event) ~ rx + size + number, bladder2, ties = "breslow"),
  stratified = ag(Surv(start, stop, event) ~ rx + strata(size_group), bladder2),
  alone = ag(Surv(start, stop, event) ~ rx, bladder2),
  mcf = mcf(bladder2),
  rows = rows,
  ghosh_lin = ghosh_lin
), digits = NA, auto_unbox = TRUE, dataframe = "columns"))
