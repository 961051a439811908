# Makes inference_coin.json: exact permutation p-values of coin.
# R 4.2.2, coin 1.4-2. Run in this folder: Rscript inference_coin.R
suppressMessages({library(coin); library(jsonlite)})
p <- function(y, z, block = NULL, alternative = "two.sided") {
  d <- data.frame(y = y, z = factor(z, levels = c(1, 0)))
  if (is.null(block)) {
    t <- oneway_test(y ~ z, d, distribution = "exact", alternative = alternative)
  } else {
    d$block <- factor(block)
    t <- oneway_test(y ~ z | block, d, distribution = "exact", alternative = alternative)
  }
  as.numeric(pvalue(t))
}
three <- function(...) list(
  two_sided = p(...), greater = p(..., alternative = "greater"), less = p(..., alternative = "less")
)
y <- c(3, 0, 37, 12, 0, 0, 21, 5, 30, 0, 8, 14, 2)
z <- c(1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0)
yb <- c(0, 12, 5, 37, 30, 3, 21, 0, 14, 0, 9, 25)
zb <- c(0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1)
block <- rep(1:3, each = 4)
pairs <- rep(1:6, each = 2)
zp <- c(0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0)
out <- list(
  unequal = c(list(outcome = y, assigned = z), three(y, z)),
  blocked = c(list(outcome = yb, assigned = zb, stratum = block), three(yb, zb, block)),
  pairs = c(list(outcome = yb, assigned = zp, stratum = pairs), three(yb, zp, pairs))
)
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, pretty = TRUE), "inference_coin.json")
