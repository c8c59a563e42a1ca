"""The whole bot under faults, for minutes: ``make soak`` (see __main__.py)."""
