"""The table of moves as a diagram: the picture in ``docs/architecture.md`` is this text."""

from collections.abc import Iterator

from storage.records.lifecycle import MOVES, Move, Party, Required

_BY = {Party.FIRM: "the firm", Party.ADMINISTRATOR: "an administrator", Party.CLOCK: "the clock"}


def diagram() -> str:
    """Return the state diagram in Mermaid's language, one line for each move and source."""
    arrows = (arrow for move in MOVES.values() for arrow in _arrows(move))
    return "\n".join(("stateDiagram-v2", *(f"    {arrow}" for arrow in arrows)))


def _arrows(move: Move) -> Iterator[str]:
    label = _label(move)
    if not move.sources:
        yield f"[*] --> {move.target}: {label}"
    for source in sorted(move.sources):
        yield f"{source} --> {move.leads_to(source)}: {label}"


def _label(move: Move) -> str:
    sides = ", or ".join(_BY[side] for side in Party if side in move.by)
    asked = "" if move.asks is Required.NOTHING else f", asked: {move.asks}"
    told = ", and the firm is told" if move.tells_firm else ""
    return f"{move.kind.replace('_', ' ')} ({sides}{asked}{told})"
