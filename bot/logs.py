"""Logging: one line an event, never a message text, a contact or the token."""

import logging

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def set_up(level: str, secret: str | None) -> None:
    """Log to standard error at this level, with the bot's token redacted wherever it appears."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Redacting(_FORMAT, secret))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # They log each request's address, which holds the token.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


class _Redacting(logging.Formatter):
    """Takes the token out of the whole line, tracebacks included."""

    def __init__(self, fmt: str, secret: str | None) -> None:
        super().__init__(fmt)
        self._secret = secret

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, redacted."""
        line = super().format(record)
        return line.replace(self._secret, "<token>") if self._secret else line
