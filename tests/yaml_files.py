"""Files of YAML, read by libyaml where it is there: Python takes fourteen times longer."""

from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def data_of(text: str) -> Any:
    """Return the data of a text."""
    return yaml.load(text, _LOADER)  # noqa: S506 - both are safe
