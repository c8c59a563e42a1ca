"""What learning took goes back to the system."""

import ctypes
import gc
from pathlib import Path

import pytest

from bot.runtime import memory

_BLOCKS, _SIZE = 20_000, 2000
_STATUS = Path("/proc/self/statm")


def _resident_pages() -> int:
    return int(_STATUS.read_text().split()[1])


@pytest.mark.skipif(
    not _STATUS.exists() or not hasattr(ctypes.CDLL(None), "malloc_trim"),
    reason="the C library keeps what is freed",
)
def test_freed_memory_goes_back_to_the_system() -> None:
    # One small block in use beyond them holds what is freed, as the new knowledge does.
    blocks = [bytes(_SIZE) for _ in range(_BLOCKS)]
    last = bytes(_SIZE)
    held = _resident_pages()
    del blocks
    gc.collect()
    memory.give_back()
    assert len(last) == _SIZE
    assert _resident_pages() < held - _BLOCKS * _SIZE // 4096 // 2


def test_a_system_without_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    memory.give_back()
