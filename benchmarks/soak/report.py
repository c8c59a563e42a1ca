"""The ledger as text, for the screen and for ``docs/soak.md``."""

from collections.abc import Sequence

from benchmarks.soak.halves import HalfResult

_MOST_LINES = 12


def table(outcomes: Sequence[HalfResult]) -> str:
    """Return a table of the figures of the halves side by side."""
    figures = [half.ledger.figures for half in outcomes]
    counts = [half.counts for half in outcomes]
    return "\n".join(
        [
            _row("", *(half.plan.name for half in outcomes)),
            _row("---", *["---:"] * len(outcomes)),
            *(_row(name, *(half.get(name, 0) for half in figures)) for name in _names(figures)),
            *(
                _row(f"*{name}*", *(half.get(name, 0) for half in counts))
                for name in sorted(_names(counts))
            ),
            _row("*seconds in all*", *(round(half.seconds) for half in outcomes)),
        ]
    )


def logged(outcome: HalfResult) -> str:
    """Return the bots' most frequent warnings and errors."""
    lines = [f"{count:6} {line}" for line, count in outcome.log_lines.most_common(_MOST_LINES)]
    return "\n".join([f"What the bots logged ({outcome.plan.name}):", *lines])


def problems(outcomes: Sequence[HalfResult]) -> list[str]:
    """Return all discrepancies, a sentence each."""
    return [f"{half.plan.name}: {problem}" for half in outcomes for problem in half.ledger.problems]


def _names(figures: Sequence[dict[str, int]]) -> list[str]:
    return list(dict.fromkeys(name for half in figures for name in half))


def _row(*cells: object) -> str:
    return (
        "| "
        + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells)
        + " |"
    )
