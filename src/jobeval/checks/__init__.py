"""Is the trial what it says it is? One check a file, each gives a ``CheckResult``."""
