"""``python -m bot``."""

import sys


def _run() -> int:
    try:
        # Importing takes a second, in which one may think better of it.
        from bot.cli import main  # noqa: PLC0415

        return main()
    except KeyboardInterrupt:
        return 130


sys.exit(_run())
