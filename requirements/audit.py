"""What is installed against the locks, and what the world knows about the versions they name."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = tuple(sorted(Path(__file__).parent.glob("*.txt")))
# What makes an environment, what chooses the locks, and the project itself.
_UNLOCKED = frozenset({"pip", "setuptools", "uv", "territoires-industrie-bot"})
_OPTIONS = "--progress-spinner=off", "--timeout=5", "--format=json", "--disable-pip", "--no-deps"


def main() -> int:
    """Say all that is wrong; 1 where something is. A service out of reach is said, and no fault."""
    locked = dict(named(LOCKS))
    wrong = [*unpinned(locked), *strangers(locked, installed())]
    found, unknown = weaknesses(locked)
    for line in (*wrong, *found, *unknown):
        print(line)
    if not (wrong or found or unknown):
        print(f"{len(locked)} locked versions: no known weakness, and nothing else is installed.")
    return 1 if wrong or found else 0


def named(locks: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Give each requirement of the locks, without its hashes, and the options that follow it."""
    for lock in locks:
        for line in lock.read_text("utf-8").replace("\\\n", "").splitlines():
            requirement, _, options = line.partition("--")
            if line.strip() and not line.startswith("#"):
                yield requirement.strip(), options


def unpinned(locked: Mapping[str, str]) -> list[str]:
    """Say which requirements could be met by more than one file that somebody has looked at."""
    exact = {text for text in locked if text and _version(Requirement(text))}
    return [
        f"not an exact version with its hashes: {text or 'an option of pip'}"
        for text, options in locked.items()
        if text not in exact or "hash=sha256:" not in options
    ]


def strangers(locked: Mapping[str, str], installed: Mapping[str, str]) -> list[str]:
    """Say what is installed here that no lock names in this version."""
    known = {
        (canonicalize_name(requirement.name), _version(requirement))
        for requirement in map(Requirement, filter(None, locked))
    }
    return [
        f"installed, but in no lock: {name} {version}"
        for name, version in sorted(installed.items())
        if name not in _UNLOCKED and (name, version) not in known
    ]


def weaknesses(locked: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return the known weaknesses, and which versions nobody could be asked about.

    One is asked about first: where the service is out of reach, or is a mirror that knows none,
    the others are left in peace.
    """
    texts = [text for text in locked if text]
    found, unknown = told(ask(texts[:1]))
    if unknown:
        return found, [f"Known weaknesses were not looked up from here: {unknown[0]}"]
    return told(ask(texts))


def told(report: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Read pip-audit's report: the weaknesses, and what it could not look up."""
    found, unknown = [], []
    for dependency in report["dependencies"]:
        name, version = dependency["name"], dependency.get("version", "")
        if "skip_reason" in dependency:
            unknown.append(dependency["skip_reason"])
        for weakness in dependency.get("vulns", ()):
            mended = ", ".join(weakness["fix_versions"]) or "no version yet"
            found.append(f"{name} {version}: {weakness['id']}, mended in {mended}")
    return found, unknown


def ask(texts: list[str]) -> Mapping[str, Any]:
    """Ask pip-audit; a report without an answer where it reached nobody."""
    with tempfile.TemporaryDirectory() as folder:
        versions = Path(folder) / "versions.txt"
        versions.write_text("\n".join(texts), "utf-8")
        asked = subprocess.run(  # noqa: S603 - our own interpreter and locks
            [sys.executable, "-m", "pip_audit", *_OPTIONS, "-r", versions],
            capture_output=True,
            text=True,
            check=False,
        )
    if asked.stdout.startswith("{"):
        report: Mapping[str, Any] = json.loads(asked.stdout)
        return report
    said = asked.stderr.strip().splitlines() or ["pip-audit said nothing"]
    return {"dependencies": [{"name": "", "skip_reason": said[-1]}]}


def installed() -> dict[str, str]:
    """Return the versions of what is installed here, by canonical name."""
    return {canonicalize_name(each.name): each.version for each in distributions()}


def _version(requirement: Requirement) -> str:
    """Return the one version that a requirement accepts; empty where it accepts others."""
    pins = list(requirement.specifier)
    exact = len(pins) == 1 and pins[0].operator == "==" and "*" not in pins[0].version
    return pins[0].version if exact else ""


if __name__ == "__main__":
    sys.exit(main())
