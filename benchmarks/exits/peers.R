# Rscript peers.R task folder persons repeats: the CPU seconds of a task, the best of a few rounds
arguments <- commandArgs(TRUE)
n <- as.integer(arguments[3]); repeats <- as.integer(arguments[4])
suppressMessages(library(survival))
trial <- lapply(c(week = "week", cause = "cause", arm = "arm", site = "site", office = "office"),
                function(name) readBin(file.path(arguments[2], name), "integer", n))
trial <- as.data.frame(trial)
x <- matrix(readBin(file.path(arguments[2], "x"), "double", 6 * n), n)
trial[paste0("x", 0:4)] <- x[, -1]
trial$left <- trial$cause > 0
trial$to <- factor(trial$cause, 0:2, c("censored", "job", "pension"))
six <- ~ arm + x0 + x1 + x2 + x3 + x4

redraw <- function() {                                   # the arms of each site, in a new order
  order_in_site <- order(trial$site, runif(n))
  arm <- trial$arm
  arm[order(trial$site)] <- trial$arm[order_in_site]
  arm
}
person_weeks <- function() {                             # without weeks in which nobody leaves
  rows <- trial[rep(seq_len(n), trial$week), ]
  rows$at <- sequence(trial$week)
  rows$exit <- rows$left & rows$at == rows$week
  rows[rows$at %in% unique(trial$week[trial$left]), ]
}
tasks <- list(
  curves = function() {
    survfit(Surv(week, left) ~ arm, trial, conf.type = "log-log")
    survdiff(Surv(week, left) ~ arm + strata(site), trial)
  },
  incidence = function() survfit(Surv(week, to) ~ arm, trial),
  means = function()
    summary(survfit(Surv(week, left) ~ arm, trial, se.fit = TRUE), rmean = 52)$table,
  logranks = function()
    for (draw in seq_len(repeats)) {
      trial$arm <- redraw()
      survdiff(Surv(week, left) ~ arm + strata(site), trial)
    },
  coin = function()
    coin::pvalue(coin::logrank_test(
      Surv(week, left) ~ factor(arm) | factor(site), trial,
      distribution = coin::approximate(nresample = repeats))),
  mean_draws = function()
    for (draw in seq_len(repeats)) {
      trial$arm <- redraw()
      summary(survfit(Surv(week, left) ~ arm + site, trial), rmean = 52)$table
    },
  cox = function() coxph(update(six, Surv(week, left) ~ . + strata(site)), trial),
  cox_offices = function()
    coxph(update(six, Surv(week, left) ~ . + strata(site) + cluster(office)), trial),
  finegray = function() {
    rows <- finegray(Surv(week, to) ~ ., trial[c("week", "to", all.vars(six))], etype = "job")
    coxph(update(six, Surv(fgstart, fgstop, fgstatus) ~ .), rows, weights = fgwt)
  },
  crr = function() cmprsk::crr(trial$week, trial$cause, x),
  cloglog = function()
    glm(update(six, exit ~ . + factor(at)), binomial("cloglog"), person_weeks())
)
seconds <- c()
while (length(seconds) < 3 && sum(seconds) < 5)
  seconds <- c(seconds, sum(system.time(suppressWarnings(tasks[[arguments[1]]]()), FALSE)[1:2]))
cat(min(seconds), "\n")
