"""The words in which changes of the files are told."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml


@cache
def told_words() -> dict[str, Any]:
    """Return the catalogue of these words."""
    catalogue: dict[str, Any] = yaml.safe_load(
        Path(__file__).with_suffix(".yaml").read_text("utf-8")
    )
    return catalogue
