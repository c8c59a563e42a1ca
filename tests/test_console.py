"""A command that takes long says so, on standard error, and only then."""

import io
import threading

import pytest

from bot.commands.console import patience


class Stream(io.StringIO):
    """A standard error that tells when something was written to it."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal
        self.written = threading.Event()

    def isatty(self) -> bool:
        return self._terminal

    def write(self, text: str) -> int:
        count = super().write(text)
        self.written.set()
        return count


@pytest.mark.parametrize(
    ("terminal", "expected"), [(True, "\rau travail 0\r\x1b[K"), (False, "au travail 0\n")]
)
def test_long_work_is_told_and_a_terminal_is_left_clean(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, expected: str
) -> None:
    stream = Stream(terminal=terminal)
    monkeypatch.setattr("sys.stderr", stream)
    with patience("au travail {}".format, first=0):
        assert stream.written.wait(10)
    assert stream.getvalue() == expected


@pytest.mark.parametrize("terminal", [True, False])
def test_short_work_says_nothing(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    stream = Stream(terminal=terminal)
    monkeypatch.setattr("sys.stderr", stream)
    with patience("au travail {}".format, first=60):
        pass
    assert stream.getvalue() == ""


def test_what_fails_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream(terminal=True)
    monkeypatch.setattr("sys.stderr", stream)
    with pytest.raises(ValueError, match="wrong"), patience("au travail {}".format, first=60):
        raise ValueError("wrong")
    assert stream.getvalue() == ""
