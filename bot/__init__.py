"""How the process is put together: settings, composition, run modes, command line."""

import os

# PTB's future way to tell durations; without it each RetryAfter warns.
os.environ.setdefault("PTB_TIMEDELTA", "true")
