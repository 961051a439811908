# Curves of exits_weekly.csv by R's survival, with intervals of other types, cumulative hazards,
# errors summed over persons and clusters, and late entry: exits_curves.json.
# Made with R 4.2.2, survival 3.5-3, jsonlite 1.8.4:  Rscript exits_curves.R
suppressMessages({library(survival); library(jsonlite)})
trial <- read.csv("exits_weekly.csv")
trial$person <- seq_len(nrow(trial))
trial$entry <- trial$person %% 7                      # late entry, where it comes before the end
late <- trial[trial$entry < trial$week, ]
answers <- list()
at <- function(fit, weeks) {
  s <- summary(fit, times = weeks, extend = TRUE)
  list(values = s$surv, std_error = s$std.err, low = s$lower, high = s$upper,
       at_risk = s$n.risk, events = s$n.event, hazard = s$cumhaz, hazard_error = s$std.chaz)
}
for (a in 0:1) {
  d <- trial[trial$arm == a, ]; weeks <- 0:max(d$week)
  for (type in c("plain", "log"))
    answers[[paste0(type, "_", a)]] <-
      at(survfit(Surv(week, left) ~ 1, d, conf.type = type), weeks)
  answers[[paste0("persons_", a)]] <- at(survfit(Surv(week, left) ~ 1, d, cluster = person), weeks)
  answers[[paste0("clusters_", a)]] <-
    at(survfit(Surv(week, left) ~ 1, d, cluster = cluster), weeks)
  d <- late[late$arm == a, ]; weeks <- 0:max(d$week)
  fit <- survfit(Surv(entry, week, left) ~ 1, d, conf.type = "log-log")
  answers[[paste0("late_", a)]] <- at(fit, weeks)
  answers[[paste0("late_quantiles_", a)]] <- lapply(quantile(fit, c(.1, .25, .5)), unname)
}
# everybody at risk leaves before the next one enters: the curve stays at 0
gap <- data.frame(entry = c(0, 0, 5, 5, 5), week = c(2, 3, 6, 7, 9), left = c(1, 1, 1, 0, 1))
answers$emptied <- at(survfit(Surv(entry, week, left) ~ 1, gap), 0:9)
# nobody is at risk in weeks 4 and 5, though one was censored before: R carries the curve on
gap$left[2] <- 0
answers$gap <- at(survfit(Surv(entry, week, left) ~ 1, gap), 0:9)
write_json(answers, "exits_curves.json", digits = 14, na = "null", auto_unbox = TRUE)
