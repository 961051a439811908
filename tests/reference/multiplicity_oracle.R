# Adjusted p-values of linear contrasts by the multivariate t, single-step and step-down ("free").
#   Rscript tests/reference/multiplicity_oracle.R > tests/reference/multiplicity_oracle.json
suppressMessages(library(multcomp))
fit <- lm(breaks ~ wool + tension, data = warpbreaks)
hypotheses <- rbind(
  "M - L" = c(0, 0, 1, 0), "H - L" = c(0, 0, 0, 1), "H - M" = c(0, 0, -1, 1), "B - A" = c(0, 1, 0, 0)
)
family <- glht(fit, linfct = hypotheses)
set.seed(1)
adjust <- function(type) summary(family, test = adjusted(type))$test
single <- adjust("single-step")
free <- adjust("free")
numbers <- function(x) paste0("[", paste(formatC(x, digits = 10, format = "g"), collapse = ", "), "]")
correlation <- cov2cor(hypotheses %*% vcov(fit) %*% t(hypotheses))
cat("{\n")
cat('  "versions": "R ', as.character(getRversion()), ", multcomp ", as.character(packageVersion("multcomp")), '",\n', sep = "")
cat('  "df": ', family$df, ",\n", sep = "")
cat('  "t": ', numbers(single$tstat), ",\n", sep = "")
cat('  "single_step": ', numbers(single$pvalues), ",\n", sep = "")
cat('  "free": ', numbers(free$pvalues), ",\n", sep = "")
cat('  "critical_value": ', formatC(attr(confint(family)$confint, "calpha"), digits = 10, format = "g"), ",\n", sep = "")
cat('  "correlation": [', paste(apply(correlation, 1, numbers), collapse = ", "), "]\n}\n", sep = "")
