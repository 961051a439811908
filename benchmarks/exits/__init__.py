"""What the benchmarks of exits share: a trial, a clock and R."""
