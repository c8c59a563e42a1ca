"""The ledger in words, for the screen and for ``docs/soak.md``."""

from collections.abc import Sequence

from benchmarks.soak.halves import HalfResult

_MOST_LINES = 12


def told(outcomes: Sequence[HalfResult]) -> str:
    """Return the figures of each half side by side, then whatever does not agree."""
    figures = [one.ledger.figures for one in outcomes]
    met = [one.met for one in outcomes]
    return "\n".join(
        [
            _row("", *(one.plan.name for one in outcomes)),
            _row("---", *["---:"] * len(outcomes)),
            *(_row(name, *(one.get(name, 0) for one in figures)) for name in _names(figures)),
            *(
                _row(f"*{name}*", *(one.get(name, 0) for one in met))
                for name in sorted(_names(met))
            ),
            _row("*seconds in all*", *(round(one.seconds) for one in outcomes)),
        ]
    )


def logged(outcome: HalfResult) -> str:
    """Return what the bots said most, as warnings and errors."""
    lines = [f"{count:6} {line}" for line, count in outcome.said.most_common(_MOST_LINES)]
    return "\n".join([f"What the bots logged ({outcome.plan.name}):", *lines])


def problems(outcomes: Sequence[HalfResult]) -> list[str]:
    """Return all that does not agree, in words."""
    return [f"{one.plan.name}: {problem}" for one in outcomes for problem in one.ledger.problems]


def _names(figures: Sequence[dict[str, int]]) -> list[str]:
    return list(dict.fromkeys(name for one in figures for name in one))


def _row(*cells: object) -> str:
    return (
        "| " + " | ".join(f"{one:,}" if isinstance(one, int) else str(one) for one in cells) + " |"
    )
