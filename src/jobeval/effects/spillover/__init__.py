"""Direct effect, spillover and total effect of two-step lotteries."""
