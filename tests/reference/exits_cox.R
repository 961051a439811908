# Draws exits_cox.csv (start-stop rows) and answers it with R's survival: exits_cox.json.
# Made with R 4.2.2, survival 3.5-3, jsonlite 1.8.4:  Rscript exits_cox.R
suppressMessages({library(survival); library(jsonlite); library(splines)})
set.seed(20240831)
n_site <- 3; n_cluster <- 8; size <- 8
trial <- expand.grid(member = 1:size, cluster = 1:n_cluster, site = 1:n_site)
trial$cluster <- (trial$site - 1) * n_cluster + trial$cluster
share <- c(3, 4, 5)                                     # treated clusters of eight
trial$arm <- as.integer((trial$cluster - 1) %% n_cluster < share[trial$site])
n <- nrow(trial)
trial$person <- sample(1000:9999, n)
trial$age <- sample(20:60, n, TRUE)
trial$benefit <- sample(c("cash", "rehabilitation", "sickness"), n, TRUE)
frailty <- rgamma(n_site * n_cluster, 5, 5)[trial$cluster]
hazard <- .04 * trial$site * frailty * exp(.5 * trial$arm - .02 * (trial$age - 40))
exit <- ceiling(rexp(n) / hazard)
follow <- sample(6:26, n, TRUE)
trial$late <- ifelse(runif(n) < .3, sample(0:9, n, TRUE), 0)   # seen from week late + 1 on
trial$week <- pmin(exit, follow); trial$left <- as.integer(exit <= follow)
trial <- trial[trial$week > trial$late, ]               # truncated: who left before is not seen
turn <- sample(1:12, nrow(trial), TRUE)                 # a course begins after this week
rows <- lapply(seq_len(nrow(trial)), function(i) {
  one <- trial[i, ]
  if (turn[i] <= one$late || turn[i] >= one$week)
    return(cbind(one, entry = one$late, end = one$week, course = as.integer(turn[i] <= one$late),
                 event = one$left))
  cbind(one[c(1, 1), ], entry = c(one$late, turn[i]), end = c(turn[i], one$week), course = 0:1,
        event = c(0L, one$left))
})
rows <- do.call(rbind, rows)
rows <- rows[sample(nrow(rows)), c("person", "site", "cluster", "arm", "age", "benefit", "course",
                                   "entry", "end", "event")]
write.csv(rows, "exits_cox.csv", row.names = FALSE, quote = FALSE)
answers <- list()
spans <- Surv(entry, end, event) ~ arm + age + benefit + course + strata(site)

for (ties in c("efron", "breslow")) {
  plain <- coxph(spans, rows, ties = ties)
  by_cluster <- coxph(update(spans, . ~ . + cluster(cluster)), rows, ties = ties)
  by_person <- coxph(update(spans, . ~ . + cluster(person)), rows, ties = ties)
  answers[[ties]] <- list(coef = unname(coef(plain)), vcov = unname(vcov(plain)),
                          loglik = plain$loglik, score = unname(plain$score),
                          cluster_vcov = unname(vcov(by_cluster)), person_vcov = unname(vcov(by_person)))
  for (transform in c("km", "identity", "rank", "log"))
    answers[[ties]][[paste0("zph_", transform)]] <- unname(cox.zph(plain, transform)$table)
}

# The exact likelihood; with late entry R goes through all sets of persons: few rows only
exact <- coxph(Surv(end, event) ~ arm + age + strata(site), rows, ties = "exact")
answers$exact <- list(coef = unname(exact$coefficients), vcov = exact$var,
                      loglik = exact$loglik)
exact <- coxph(Surv(entry, end, event) ~ arm + age, rows[1:40, ], ties = "exact")
answers$exact_late <- list(coef = unname(exact$coefficients), vcov = exact$var,
                           loglik = exact$loglik)

# Firth: coxph evaluates likelihood and information at a value, optim maximises (Efron's ties);
# only the first 60 rows, so that the penalty shows
few <- rows[1:60, ]
few_model <- Surv(entry, end, event) ~ arm + age
at <- function(b) coxph(few_model, few, init = b, control = coxph.control(iter.max = 0))
penalised <- function(b) { f <- at(b); f$loglik[2] - .5 * c(determinant(vcov(f))$modulus) }
best <- optim(coef(coxph(few_model, few)), penalised, method = "BFGS",
              control = list(fnscale = -1, reltol = 1e-15, maxit = 1000, parscale = c(1, .05),
                             ndeps = c(1e-5, 1e-5)))
profile <- function(a) optimise(function(b) penalised(c(a, b)), c(-.5, .5), maximum = TRUE,
                                tol = 1e-10)$objective
lost <- function(a) best$value - profile(a) - qchisq(.95, 1) / 2
answers$firth <- list(
  coef = unname(best$par), loglik = best$value, vcov = unname(vcov(at(best$par))),
  low = uniroot(lost, c(best$par[1] - 3, best$par[1]), tol = 1e-9)$root,
  high = uniroot(lost, c(best$par[1], best$par[1] + 3), tol = 1e-9)$root,
  p = pchisq(2 * (best$value - profile(0)), 1, lower.tail = FALSE))

# The profile likelihood of treatment, Efron
whole <- coxph(spans, rows)
given <- function(a) coxph(Surv(entry, end, event) ~ offset(a * arm) + age + benefit + course +
                             strata(site), rows, eps = 1e-12)$loglik[2]
lost <- function(a) whole$loglik[2] - given(a) - qchisq(.95, 1) / 2
b <- coef(whole)[1]
answers$profile <- list(low = uniroot(lost, c(b - 2, b), tol = 1e-10)$root,
                        high = uniroot(lost, c(b, b + 2), tol = 1e-10)$root,
                        p = pchisq(2 * (whole$loglik[2] - given(0)), 1, lower.tail = FALSE))

# Hazard ratios by period, from rows split at its bounds
cut <- c(5, 10)
split <- survSplit(Surv(entry, end, event) ~ ., rows[rows$entry < 20, ], cut = c(cut, 20),
                   episode = "period")
split <- split[split$period <= 3, ]
periods <- coxph(Surv(entry, end, event) ~ arm:factor(period) + age + benefit + course +
                   strata(site), split, cluster = cluster)
k <- grep("arm", names(coef(periods)))
model <- periods$naive.var[k, k]
contrast <- rbind(c(-1, 1, 0), c(-1, 0, 1))
wald <- function(v) { d <- contrast %*% coef(periods)[k]
                      c(t(d) %*% solve(contrast %*% v %*% t(contrast), d)) }
answers$periods <- list(coef = unname(coef(periods)[k]), vcov = unname(model),
                        cluster_vcov = unname(vcov(periods)[k, k]),
                        wald = wald(model), cluster_wald = wald(vcov(periods)[k, k]))

# One Newton step from a constant ratio to a natural spline with df = 4, on rows split by week
weeks <- sort(unique(rows$end[rows$event == 1]))
exits <- rows$end[rows$event == 1]
knots <- quantile(exits, c(1, 2) / 3); ends <- range(exits)
basis <- function(t) ns(t, knots = knots, Boundary.knots = ends, intercept = FALSE)
by_week <- survSplit(Surv(entry, end, event) ~ ., rows, cut = weeks, episode = "episode")
B <- basis(by_week$end)
for (j in 1:3) by_week[[paste0("b", j)]] <- by_week$arm * B[, j]
wide <- Surv(entry, end, event) ~ arm + b1 + b2 + b3 + age + benefit + course + strata(site)
start <- c(coef(whole)[1], 0, 0, 0, coef(whole)[-1])
step <- function(formula, k) suppressWarnings(
  coxph(formula, by_week, init = start, control = coxph.control(iter.max = k)))
one <- step(wide, 1); zero <- step(wide, 0)
clustered <- step(update(wide, . ~ . + cluster(cluster)), 0)
span <- min(exits):max(exits)
L <- cbind(1, basis(span))
answers$over_time <- list(
  weeks = span, values = c(L %*% coef(one)[1:4]),
  std_error = sqrt(rowSums((L %*% vcov(zero)[1:4, 1:4]) * L)),
  cluster_std_error = sqrt(rowSums((L %*% vcov(clustered)[1:4, 1:4]) * L)))
write_json(answers, "exits_cox.json", digits = 14, na = "null", auto_unbox = TRUE)
