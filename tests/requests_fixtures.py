"""What the team does to requests in dialogues, without the buttons of its group."""

from datetime import UTC, datetime

from dialogue import Speaker, Stage, number_in
from storage_fixtures import new_interest
from test_dialogue_interest import registers

from handlers.core.posting import Posting
from handlers.requests import follow_up, moves
from storage.records.interests import Actor, EventKind, Interest, Party, Status
from storage.records.lifecycle import NO_PARTICULARS, Particulars

ADMINISTRATOR = Actor(Party.ADMINISTRATOR, 99, "Ada Lovelace")
# Each way to make a request: what stands for it in `declares`.
KINDS = ("interest", "proposal", "callback")


async def declares(sme: Speaker, stage: Stage, kind: str) -> str:
    """Make a request of a kind by talking; return its number."""
    if kind == "interest":
        return await registers(sme, stage)
    if kind == "callback":
        await sme.says("rappelez-moi au 06 39 98 00 11 mardi après 18 h")
        await sme.says("oui")
        return number_in(sme.text)
    await sme.says("/proposer")
    await sme.taps("J'ai compris, commencer")
    for said in ("1", "Une navette entre ateliers", "Mécanique du Delta", "Samira Costa"):
        await sme.says(said)
    await sme.taps("Par téléphone")
    await sme.says("06 12 34 56 78")
    await sme.taps("Oui, j'accepte et j'envoie")
    return number_in(sme.text)


async def moves_by(
    stage: Stage,
    *kinds: EventKind,
    interest_id: int = 1,
    actor: Actor = ADMINISTRATOR,
    particulars: Particulars = NO_PARTICULARS,
) -> Interest:
    """Make moves one after the other and send what follows; the last takes the particulars."""
    parts = stage.running.parts
    for kind in kinds:
        given = particulars if kind is kinds[-1] else NO_PARTICULARS
        async with parts.database.begin() as work:
            moved = await moves.make(Posting(parts.services, work), interest_id, kind, actor, given)
            assert moved.won
        parts.dispatcher.wake()
        await stage.settles()
    return moved.interest


async def asks(stage: Stage, interest_id: int = 1, *, keeps_hours: bool = False) -> None:
    """Ask the firm whether the contact happened, as the clock does; now, or in office hours."""
    parts = stage.running.parts
    async with parts.database.begin() as work:
        request = await work.interests.get(interest_id)
        assert request is not None
        await follow_up.ask(Posting(parts.services, work, keeps_hours=keeps_hours), request)
    parts.dispatcher.wake()
    await stage.settles()


def request(**changes: object) -> Interest:
    """Return a request that no database holds."""
    new = new_interest()
    at = datetime(2026, 11, 23, 10, tzinfo=UTC)
    values: dict[str, object] = {
        "id": 1,
        "number": "TI-2026-0001",
        "person_id": 1,
        "status": Status.RECEIVED,
        "created_at": at,
        "updated_at": at,
        "closed_at": None,
        **{name: getattr(new, name) for name in new.__slots__},
    }
    return Interest(**{**values, **changes})  # type: ignore[arg-type]  # as many fields as a row has
