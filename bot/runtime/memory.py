"""Gives the system back what learning took: the allocator keeps freed memory for what may come."""

import ctypes
import sys


def give_back() -> None:
    """Return free pages to the system, where the C library can (glibc); takes some milliseconds."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
