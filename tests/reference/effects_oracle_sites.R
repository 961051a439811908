# Makes effects_oracle_sites.json. R 4.2.2, metafor 3.8-1, clubSandwich 0.5.8.
# Run in this folder: Rscript effects_oracle_sites.R
# Data: eight schools (Rubin 1981), BCG vaccine trials (Colditz et al. 1994, dat.bcg of metafor).
suppressMessages({library(metafor); library(jsonlite); library(clubSandwich)})
tight <- list(threshold = 1e-14, maxiter = 10000, tol = 1e-14)
random <- function(yi, vi, method) {
  m <- rma(yi, vi, method = method, control = tight)
  h <- rma(yi, vi, method = method, test = "knha", control = tight)
  b <- blup(m)
  profile <- confint(m, control = tight)$random["tau^2", ]
  k <- length(yi)
  half <- qt(.975, k - 2) * sqrt(m$tau2 + m$se^2)  # Higgins, Thompson & Spiegelhalter 2009
  list(pooled = m$b[1], std_error = m$se, tau_squared = m$tau2, q = m$QE, q_p = m$QEp,
       hksj_std_error = h$se, hksj_low = h$ci.lb, hksj_high = h$ci.ub,
       profile_low = profile[["ci.lb"]], profile_high = profile[["ci.ub"]],
       prediction_low = m$b[1] - half, prediction_high = m$b[1] + half,
       shrunken = b$pred, known_std_error = b$se)
}
bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
schools <- data.frame(yi = c(28, 8, -3, 7, -1, 1, 18, 12), sei = c(15, 10, 16, 11, 9, 11, 10, 18))
out <- list(bcg = list(yi = as.numeric(bcg$yi), sei = sqrt(bcg$vi), latitude = bcg$ablat))
for (method in c("REML", "PM")) {
  out[[paste0("bcg_", method)]] <- random(bcg$yi, bcg$vi, method)
  out[[paste0("schools3_", method)]] <- random(3 * schools$yi, schools$sei^2, method)
}
reml <- rma(yi, vi, data = bcg, method = "REML", control = tight)
out$bcg_REML$tau_squared_error <- reml$se.tau2
line <- rma(yi, vi, mods = ~ablat, data = bcg, method = "REML", test = "knha", control = tight)
out$bcg_latitude <- list(slope = line$b[2], std_error = line$se[2], df = line$k - 2,
  p_value = line$pval[2], low = line$ci.lb[2], high = line$ci.ub[2], tau_squared = line$tau2,
  residual_q = line$QE)

# the same effect in three levels, clusters that span them: CR2 with the HTZ test
d <- read.csv("effects_oracle.csv")
d$level <- factor(findInterval(d$age, c(36, 48)))
wald <- function(m, terms) {
  t <- Wald_test(m, constraints = constrain_zero(terms), vcov = "CR2", cluster = d$cluster,
                 test = "HTZ")
  list(statistic = t$Fstat, df = t$df_num, df_denominator = t$df_denom, p_value = t$p_val)
}
m <- lm(hours ~ level + treated + treated:level, d)
out$htz_three <- wald(m, grep("level.:treated", names(coef(m))))
d$old <- as.integer(d$level == 0)
m <- lm(hours ~ old + treated + treated:old, d)
out$htz_two <- wald(m, 4)
m <- lm(hours ~ level * weeks + treated + treated:level, d)
out$htz_ancova <- wald(m, grep("level.:treated", names(coef(m))))
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, pretty = TRUE), "effects_oracle_sites.json")
