# Draws exits_multistate.csv and answers it with R's survival: exits_multistate.json.
# Made with R 4.2.2, survival 3.5-3, jsonlite 1.8.4:  Rscript exits_multistate.R
#
# Weekly histories over four states, one of them absorbing; who has worked before falls back and
# starts again at other rates, and rates differ between clusters, so the process is not Markov.
# Week w is time w + 1 in R, and everybody is in a state "start" at time 0, so that the shares of
# week 0 are estimated like all others.
suppressMessages({library(survival); library(jsonlite)})
set.seed(20240615)
states <- c("benefit", "hours", "work", "pension")
n_site <- 3; n_cluster <- 8; size <- 12; weeks <- 26
person <- expand.grid(member = 1:size, cluster = 1:n_cluster, site = 1:n_site)
person$id <- seq_len(nrow(person))
person$cluster <- (person$site - 1) * n_cluster + person$cluster
person$arm <- as.integer((person$cluster - 1) %% n_cluster < c(3, 4, 5)[person$site])
speed <- rgamma(n_site * n_cluster, 6, 6)[person$cluster]
draw <- function(i) {
  now <- sample(1:3, 1, prob = c(.8, .15, .05)); worked <- now == 3; path <- now
  for (w in 2:weeks) {
    up <- .05 * speed[i] * (1 + .4 * person$arm[i]) * (1 + 1.5 * worked)
    down <- .03 + .06 * worked
    odds <- switch(now, c(0, up, up, .006), c(down, 0, 2 * up, .004), c(down, down / 2, 0, .001),
                   c(0, 0, 0, 0))
    odds[now] <- 1 - sum(odds)
    now <- sample(1:4, 1, prob = odds); worked <- worked || now == 3
    path <- c(path, now)
  }
  path
}
paths <- t(sapply(person$id, draw))
follow <- sample(12:weeks, nrow(person), TRUE)                  # weeks observed
follow[sample(nrow(person), 5)] <- 1
entry <- ifelse(runif(nrow(person)) < .15, sample(1:6, nrow(person), TRUE), 0)
entry <- pmin(entry, follow - 1)
spells <- do.call(rbind, lapply(person$id, function(i) {
  seen <- paths[i, (entry[i] + 1):follow[i]]
  run <- rle(seen); stop <- entry[i] + cumsum(run$lengths)
  data.frame(id = i, site = person$site[i], cluster = person$cluster[i], arm = person$arm[i],
             start = stop - run$lengths, stop = stop, state = states[run$values])
}))
write.csv(spells, "exits_multistate.csv", row.names = FALSE, quote = FALSE)

# (t1, t2] rows: a row ends with the move into the next state, the last one is censored in the
# last observed week
to_rows <- function(spells, from_week = NULL) {
  levels <- c("censored", "start", states)
  rows <- do.call(rbind, lapply(split(spells, spells$id), function(s) {
    k <- nrow(s)
    move <- c(s$start[-1], s$stop[k] - 1) + 1
    row <- data.frame(id = s$id, site = s$site, cluster = s$cluster, arm = s$arm,
                      t1 = s$start + 1, t2 = move, was = s$state,
                      event = c(s$state[-1], "censored"))
    if (s$start[1] == 0)
      row <- rbind(data.frame(id = s$id[1], site = s$site[1], cluster = s$cluster[1],
                              arm = s$arm[1], t1 = 0, t2 = 1, was = "start",
                              event = s$state[1]), row)
    row
  }))
  rows <- rows[rows$t2 > rows$t1, ]
  rows$event <- factor(rows$event, levels)
  rows$was <- factor(rows$was, levels[-1])
  rows
}
# survfit of several states takes cluster= but does not use it: add up its influences
answer <- function(rows, times, units = rows$id, ...) {
  fit <- survfit(Surv(t1, t2, event) ~ 1, rows, id = id, istate = was, influence = TRUE, ...)
  at <- findInterval(times, fit$time)
  keep <- match(states, fit$states)
  shift <- dim(fit$influence.pstate)[2] - length(fit$time)       # first: the start
  own <- fit$influence.pstate[, at + shift, keep, drop = FALSE]  # persons x weeks x states
  stopifnot(all.equal(c(sqrt(apply(own^2, 2:3, sum))), c(fit$std.err[at, keep])))
  unit <- units[!duplicated(rows$id)]
  sums <- apply(own, 2:3, function(u) rowsum(u, unit))
  list(values = fit$pstate[at, keep], std_error = sqrt(apply(sums^2, 2:3, sum)),
       area = colSums(fit$pstate[at, keep]),
       area_error = sqrt(colSums(apply(sums, c(1, 3), sum)^2)))
}
first <- c(1, 0, 0, 0, 0)
rows <- to_rows(spells)
last <- 20; times <- 1:last
answers <- list(weeks = last)
for (arm in 0:1) {
  own <- rows[rows$arm == arm, ]
  answers[[paste0("plain_", arm)]] <- answer(own, times, p0 = first)
  answers[[paste0("cluster_", arm)]] <- answer(own, times, own$cluster, p0 = first)
  share <- table(unique(spells[c("id", "site")])$site) / length(unique(spells$id))
  answers[[paste0("sites_", arm)]] <- lapply(1:n_site, function(site) {
    inside <- own[own$site == site, ]
    list(share = share[[site]], persons = answer(inside, times, p0 = first),
         clusters = answer(inside, times, inside$cluster, p0 = first))
  })
  # landmark in week 8: who is in work then; and everybody from then on (Markov)
  week <- 8
  there <- spells$id[spells$state == "work" & spells$start <= week & spells$stop > week]
  cut <- own[own$t2 > week + 1, ]
  cut$t1 <- pmax(cut$t1, week + 1)
  cut$was <- droplevels(cut$was); cut$event <- factor(cut$event, c("censored", states))
  answers[[paste0("landmark_", arm)]] <- answer(cut[cut$id %in% there, ], (week + 2):(last + 1),
                                                p0 = c(0, 0, 1, 0))
  answers[[paste0("markov_", arm)]] <- answer(cut, (week + 2):(last + 1), p0 = c(0, 0, 1, 0))
  moves <- table(factor(own$was, states), factor(own$event, states))
  answers[[paste0("moves_", arm)]] <- unclass(moves)
}

# mgus2, in half months: malignancy (pcm), then death; nine are told of both in one month
long <- do.call(rbind, lapply(seq_len(nrow(mgus2)), function(i) with(mgus2[i, ], {
  end <- if (death == 1) "death" else "censored"
  turn <- 2 * ptime - (ptime == futime)
  rows <- if (pstat == 1) data.frame(t1 = c(0, turn), t2 = c(turn, 2 * futime), event = c("pcm", end))
          else data.frame(t1 = 0, t2 = 2 * futime, event = end)
  cbind(id = i, sex = sex, rows)
})))
long$event <- factor(long$event, c("censored", "pcm", "death"))
at_months <- function(rows) {
  at <- summary(survfit(Surv(t1, t2, event) ~ 1, rows, id = id), times = 2 * c(60, 120, 240))
  list(values = at$pstate, std_error = at$std.err)
}
answers$mgus2 <- list(all = at_months(long), F = at_months(long[long$sex == "F", ]),
                      M = at_months(long[long$sex == "M", ]))
write_json(answers, "exits_multistate.json", digits = NA, auto_unbox = TRUE, na = "null")
