# Makes effects_oracle_risk.json and effects_oracle_risk.csv.
# R 4.2.2, metafor 3.8.1, brglm2 0.9, base R. Run in this folder: Rscript effects_oracle_risk.R
suppressMessages({library(metafor); library(brglm2); library(jsonlite)})

# Yan and Su's stratified Newcombe: the example that tern's authors checked against SAS,
# published as difference .2539, interval .0347 to .4454 (Mantel-Haenszel weights).
set.seed(1)
rsp <- c(sample(c(TRUE, FALSE), 40, prob = c(3 / 4, 1 / 4), replace = TRUE),
         sample(c(TRUE, FALSE), 40, prob = c(1 / 2, 1 / 2), replace = TRUE))
grp <- rep(c("treatment", "control"), each = 40)
f1 <- sample(c("a", "b"), 80, TRUE)
f2 <- sample(c("x", "y", "z"), 80, TRUE)
cells <- paste(f1, f2)
yan_su <- list(n = unclass(table(cells, grp)), events = tapply(rsp, list(cells, grp), sum))

# Mantel-Haenszel on a sparse table with unequal allocation
n1 <- c(12, 40, 7, 25); y1 <- c(3, 18, 6, 2); n0 <- c(30, 20, 9, 75); y0 <- c(2, 5, 4, 0)
args <- list(ai = y1, bi = n1 - y1, ci = y0, di = n0 - y0, correct = FALSE)
rd <- do.call(rma.mh, c(args, measure = "RD"))
rr <- do.call(rma.mh, c(args, measure = "RR"))
tables <- array(rbind(y1, n1 - y1, y0, n0 - y0), c(2, 2, 4))
cmh <- mantelhaen.test(tables, correct = FALSE)
mh <- list(n1 = n1, y1 = y1, n0 = n0, y0 = y0,
           rd = rd$beta[1], rd_se = rd$se, rr = rr$beta[1], rr_se = rr$se,
           cmh = unname(cmh$statistic), cmh_p = cmh$p.value)

# g-computation: glm, then the formulas of Ge et al. 2011 and of Ye et al. 2023, eq. 4
set.seed(20170801)
n <- 300
d <- data.frame(z = sample(rep(0:1, c(120, 180))), x = round(rnorm(n), 3),
                benefit = sample(c("cash", "resource", "sickness"), n, TRUE))
d$y <- rbinom(n, 1, plogis(-1.2 + 0.7 * d$z + 0.9 * d$x + 0.5 * (d$benefit == "cash") - 0.8 * d$z * d$x))
fit <- glm(y ~ z + x + benefit, binomial, d, epsilon = 1e-14)
X0 <- model.matrix(fit); X0[, "z"] <- 0; X1 <- X0; X1[, "z"] <- 1
p0 <- plogis(drop(X0 %*% coef(fit))); p1 <- plogis(drop(X1 %*% coef(fit)))
G <- rbind(colMeans(p0 * (1 - p0) * X0), colMeans(p1 * (1 - p1) * X1))
ge <- G %*% vcov(fit) %*% t(G)
pi1 <- mean(d$z); a <- d$z == 1; b <- !a
v11 <- var((d$y - p1)[a]) / pi1 + 2 * cov(d$y[a], p1[a]) - var(p1)
v00 <- var((d$y - p0)[b]) / (1 - pi1) + 2 * cov(d$y[b], p0[b]) - var(p0)
v10 <- cov(d$y[a], p0[a]) + cov(d$y[b], p1[b]) - cov(p1, p0)
ye <- matrix(c(v00, v10, v10, v11), 2) / n
se <- function(v, g) sqrt(drop(t(g) %*% v %*% g))
difference <- c(-1, 1); ratio <- c(-1, 1) / c(mean(p0), mean(p1))
g_computation <- list(risks = c(mean(p0), mean(p1)), coef = unname(coef(fit)),
                      ge_difference = se(ge, difference), ge_ratio = se(ge, ratio),
                      ye_difference = se(ye, difference), ye_ratio = se(ye, ratio))
write.csv(d, "effects_oracle_risk.csv", row.names = FALSE)

# Firth: the endometrial data of Heinze and Schemper 2002 (quasi-complete separation by NV)
data(endometrial, package = "brglm2")
e <- endometrial
control <- brglmControl(epsilon = 1e-13, maxit = 1000)
firth <- glm(HG ~ NV + PI + EH, binomial, e, method = "brglmFit", type = "AS_mean", control = control)
k <- rep(1:3, length.out = nrow(e))
weighted <- glm(HG ~ NV + PI + EH, binomial, e[rep(seq_len(nrow(e)), k), ], method = "brglmFit",
                type = "AS_mean", control = control)
out_firth <- list(HG = e$HG, NV = e$NV, PI = e$PI, EH = e$EH, coef = unname(coef(firth)),
                  se = unname(sqrt(diag(vcov(firth)))), weighted = unname(coef(weighted)))

# Hedges' g with exact J and the variance of Borenstein et al.; noncentral t by root-finding
smd <- escalc("SMD", m1i = 103, sd1i = 5.5, n1i = 50, m2i = 100, sd2i = 4.5, n2i = 50, vtype = "LS2")
bound <- function(t, df, p) uniroot(function(n) suppressWarnings(pt(t, df, n)) - p,
                                    t + c(-9, 9), tol = 1e-13)$root
t <- 3 / sqrt((5.5^2 + 4.5^2) / 2) / sqrt(2 / 50)
hedges <- list(g = smd$yi[1], variance = smd$vi[1],
               low = bound(t, 98, .975) * sqrt(2 / 50), high = bound(t, 98, .025) * sqrt(2 / 50))

out <- list(yan_su = yan_su, mantel_haenszel = mh, g_computation = g_computation,
            firth = out_firth, hedges = hedges)
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, pretty = FALSE), "effects_oracle_risk.json")
