"""The texts that the program prints outside Telegram: settings, start, command line."""

from pathlib import Path

from handlers.messages import Catalogue

TEXT = Catalogue(Path(__file__).with_suffix(".yaml"))
