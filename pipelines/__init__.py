"""One short job per verb of the command line."""
