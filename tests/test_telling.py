"""What the firm is told at each move: walked over the table, so that no move is made in silence."""

import pytest
from dialogue import Speaker, Stage
from requests_fixtures import ADMINISTRATOR, KINDS, declares, moves_by, request

from handlers.core.services import Identity, Services
from handlers.messages import LANGUAGES, speaking
from handlers.requests import telling
from storage.records.interests import Ending, EventKind, Interest, Party, Reason, Role, Status
from storage.records.lifecycle import MOVES, OPEN, Move, Particulars, moves_from

TOLD = [move for move in MOVES.values() if move.tells_firm]
# How each move is reached from a request that was just made.
WAYS: dict[EventKind, tuple[EventKind, ...]] = {
    EventKind.TAKE: (),
    EventKind.RETURN: (EventKind.TAKE,),
    EventKind.INTRODUCE: (EventKind.TAKE,),
    EventKind.CLOSE: (EventKind.TAKE, EventKind.INTRODUCE),
    EventKind.REFUSE: (),
    EventKind.REOPEN: (EventKind.TAKE, EventKind.CLOSE),
}


def of_role(role: Role | None, **changes: object) -> Interest:
    """Return a request as it is made for a role; proposals and call backs have no project."""
    if role in {Role.IDEA, Role.RESOURCE, Role.CALL_BACK}:
        changes = {"project_id": None, "project_lead": None, **changes}
    if role is Role.CALL_BACK:
        changes = {"company": "", "contact_name": "", "contact": "+33 6 39 98 00 11", **changes}
    return request(role=role, **changes)


def particulars_of(move: Move) -> list[Particulars]:
    """Return all that may go with a move."""
    if move.kind is EventKind.CLOSE:
        return [Particulars(outcome=outcome) for outcome in Ending]
    if move.kind is EventKind.REFUSE:
        typed = Particulars(reason=Reason.OTHER, note="Nous ne faisons pas cela !")
        return [*(Particulars(reason=reason) for reason in Reason), typed]
    if move.kind is EventKind.INTRODUCE:
        # Its note is the name of whom the firm is put in touch with.
        return [Particulars(note="Arc et Mistral"), Particulars()]
    return [Particulars(note="une note entre nous")]


def words(move: Move, interest: Interest, particulars: Particulars) -> str:
    services = Services(None, Identity("l'équipe", "", "", "", ""), lambda: interest.created_at)  # type: ignore[arg-type]  # nothing is asked of the knowledge
    text, _ = telling.words(services, interest, move.kind, particulars)
    return text


@pytest.mark.parametrize("move", MOVES.values(), ids=lambda move: str(move.kind))
def test_no_change_of_status_by_others_is_kept_from_the_firm(move: Move) -> None:
    by_others = move.by - {Party.FIRM}
    assert move.tells_firm == bool(by_others and move.target)


@pytest.mark.parametrize("move", TOLD, ids=lambda move: str(move.kind))
@pytest.mark.parametrize("role", [None, *Role])
def test_each_move_is_told_in_both_languages_without_a_name_of_the_team(
    move: Move, role: Role | None
) -> None:
    given = of_role(role, owner_id=99, owner_name="Ada Lovelace")
    for particulars in particulars_of(move):
        said = set()
        for language in LANGUAGES:
            with speaking(language):
                said.add(words(move, given, particulars))
        assert len(said) == len(LANGUAGES)
        for text in said:
            assert given.number in text
            for hidden in ("None", "Ada", "note entre nous"):
                assert hidden not in text
            assert len(text) < 700


def test_each_reason_has_words_of_its_own_and_a_typed_one_is_read_as_it_is() -> None:
    refuse = MOVES[EventKind.REFUSE]
    told = [words(refuse, request(), given) for given in particulars_of(refuse)]
    assert len(set(told)) == len(Reason) + 1
    assert "La raison : Nous ne faisons pas cela !\n" in told[-1].replace("\u00a0", " ")
    # A note that goes with a listed reason is the team's.
    noted = Particulars(reason=Reason.DUPLICATE, note="encore lui")
    assert "encore lui" not in words(refuse, request(), noted)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("move", TOLD, ids=lambda move: str(move.kind))
async def test_the_firm_gets_one_message_for_each_move(
    sme: Speaker, stage: Stage, move: Move, kind: str
) -> None:
    number = await declares(sme, stage, kind)
    before = await moves_by(stage, *WAYS[move.kind]) if WAYS[move.kind] else None
    sme.mark()
    await moves_by(stage, move.kind, particulars=particulars_of(move)[0])
    assert before is None or before.status in move.sources
    (told,) = sme.new
    assert number in told["text"]
    assert str(ADMINISTRATOR.name) not in str(sme.messages())
    assert sme.labels[0] == "Voir ma demande"
    assert sme.labels[-1] == "Parler à une personne"


async def test_a_refused_firm_reads_why_and_what_else_it_can_do(sme: Speaker, stage: Stage) -> None:
    await declares(sme, stage, "interest")
    sme.mark()
    reason = Particulars(reason=Reason.PROJECT_FULL)
    await moves_by(stage, EventKind.REFUSE, particulars=reason)
    sme.sees(
        "n'est pas retenue", "La raison : le projet a déjà toutes les entreprises", "/proposer"
    )
    assert sme.labels[1:3] == ["Voir les projets ouverts", "Proposer un projet"]
    await sme.says("proposer un projet")
    sme.sees("Proposer une idée")


async def test_whoever_is_put_in_touch_reads_by_whom_and_when_they_are_asked(
    sme: Speaker, stage: Stage
) -> None:
    await declares(sme, stage, "interest")
    sme.mark()
    moved = await moves_by(stage, EventKind.TAKE, EventKind.INTRODUCE)
    # Five working days after Monday, 23 November.
    sme.sees(moved.number, "on doit vous contacter", "Le lundi 30 novembre, je vous dem")
    by_name = Particulars(note="Arc et Mistral")
    text = words(MOVES[EventKind.INTRODUCE], moved, by_name)
    assert "<b>Arc et Mistral</b> reçoit vos coordonnées" in text


async def test_english_is_told_in_english(sme: Speaker, stage: Stage) -> None:
    await declares(sme, stage, "callback")
    await sme.says("Hello, could you please tell me what this programme is about?")
    sme.mark()
    outcome = Particulars(outcome=Ending.NOTHING)
    await moves_by(stage, EventKind.TAKE, EventKind.CLOSE, particulars=outcome)
    sme.sees(
        "will call you back on 06 39 98 00 11", "is closed, it led nowhere", "to be called back"
    )
    assert "votre" not in sme.text.lower()


def test_every_open_request_can_be_moved_by_the_team() -> None:
    for status in OPEN | {Status.CLOSED, Status.REFUSED}:
        assert any(move.tells_firm for move in moves_from(status, Party.ADMINISTRATOR))
