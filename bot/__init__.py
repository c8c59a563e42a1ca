"""How the process is put together: settings, composition, run modes, command line."""

import os

# Opts into PTB's future type for durations; otherwise each RetryAfter logs a warning.
os.environ.setdefault("PTB_TIMEDELTA", "true")
