"""The length of a text as Telegram counts it, and as people do."""


def units(text: str) -> int:
    """Return a text's length in UTF-16 code units; half a pair counts as one."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def word_count(text: str) -> int:
    """Return how many words stand between spaces and line breaks."""
    return len(text.split())
