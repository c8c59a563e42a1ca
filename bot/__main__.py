"""``python -m bot``."""

import sys


def _run() -> int:
    try:
        # The imports take a second, during which the user may press Ctrl+C.
        from bot.cli import main  # noqa: PLC0415

        return main()
    except KeyboardInterrupt:
        return 130


sys.exit(_run())
