"""The length of a text as Telegram counts it."""


def units(text: str) -> int:
    """Return a text's length in UTF-16 code units; half a pair counts as one."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
