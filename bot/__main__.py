"""``python -m bot``."""

import sys

# Not in a catalogue of texts: reading one needs the packages, and a Python as new as they need.
_TOO_OLD = (
    "Le bot demande Python 3.11 ou plus, et ceci est Python {}. "
    "Employez celui de l'installation : .venv/bin/python -m bot ..."
)
_NOT_INSTALLED = (
    "Ce Python ({}) n'a pas les bibliothèques du bot (il manque {}). "
    "Employez celui de l'installation : .venv/bin/python -m bot ... ; "
    "s'il n'existe pas encore, « make .venv/.run » l'installe."
)
_OURS = ("bot", "handlers", "knowledge", "storage")


def _run() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs it may have any Python
        return _refuse(_TOO_OLD.format(sys.version.split()[0]))
    try:
        # The imports take a second, during which the user may press Ctrl+C.
        from bot.cli import main  # noqa: PLC0415

        return main()
    except KeyboardInterrupt:
        return 130
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in _OURS:
            raise
        return _refuse(_NOT_INSTALLED.format(sys.executable, missing or "un module"))


def _refuse(words: str) -> int:
    # The encoding of the terminal may lack an accent.
    encoding = sys.stderr.encoding or "ascii"
    sys.stderr.write(words.encode(encoding, "replace").decode(encoding) + "\n")
    return 1


sys.exit(_run())
