"""What comes in: readers, DREAM and BFL, dates to weeks, findings."""
