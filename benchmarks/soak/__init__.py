"""Fault-injection runs of the whole bot: ``make soak`` (see __main__.py)."""
