"""Hours with many zeros: margins, ratios, quantiles."""
