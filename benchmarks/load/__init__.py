"""The whole path under load, beside bare echoes: ``make bench`` (see __main__.py)."""
