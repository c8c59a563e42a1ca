"""Load benchmarks of the whole bot, beside bare echo bots: ``make bench`` (see __main__.py)."""
