"""After a firm was put in touch: it is asked whether the contact happened, and what that gave."""

import pytest
from dialogue import Speaker, Stage, inside
from requests_fixtures import KINDS, asks, declares, moves_by
from sqlalchemy import select

from handlers.conversation import contact_said
from handlers.conversation.contact_said import said_in
from handlers.core.showing import phrases
from handlers.requests.follow_up import CONTACTED, LONGEST_WORD
from storage.engine.schema import deadlines, interest_events, interests
from storage.records.deadlines import DeadlineKind
from storage.records.interests import Ending, EventKind, Helped
from storage.records.lifecycle import Particulars

YES, NO_USE, NO = (
    "Oui, et cela m'a aidé",
    "Oui, mais sans suite utile",
    "Non, personne ne m'a contacté",
)
ALARM = "Personne n'a contacté l'entreprise"


async def in_touch(sme: Speaker, stage: Stage, kind: str = "interest") -> str:
    """Make a request, let it be put in touch, and ask the firm five working days later."""
    number = await declares(sme, stage, kind)
    await moves_by(stage, EventKind.TAKE, EventKind.INTRODUCE)
    stage.clock.passes(days=7)
    sme.mark()
    await asks(stage)
    return number


async def said(stage: Stage) -> tuple[str | None, list[str]]:
    """Return what the request says of the contact, and the words in its history."""
    ((helped,),) = await stage.rows(select(interests.c.helped))
    of_firm = select(interest_events.c.note).where(
        interest_events.c.kind == EventKind.FEEDBACK, interest_events.c.note.is_not(None)
    )
    return helped, [note for (note,) in await stage.rows(of_firm)]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_firm_is_asked_with_three_answers(sme: Speaker, stage: Stage, kind: str) -> None:
    number = await in_touch(sme, stage, kind)
    sme.sees("Le contact a-t-il eu lieu ?", number, "le 23 novembre 2026")
    assert sme.labels == [YES, NO_USE, NO, "Voir ma demande", "Parler à une personne"]
    message, data = sme.button(YES)
    await sme.taps_data(message["message_id"], data, times=2)
    sme.sees(f"C'est noté : « {YES} »")
    assert "déjà noté" in sme.toast
    assert await said(stage) == ("helped", [])
    await sme.taps("Rien à ajouter")
    sme.sees("rien de plus")
    await sme.taps("Voir ma demande")
    sme.sees("Vous avez dit que ce contact vous a aidé", f"vous avez dit : « {YES} »")


async def test_where_nobody_called_the_group_is_told_and_it_is_due_soon(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await in_touch(sme, stage)
    async with stage.running.parts.database.begin() as work:
        late = stage.running.parts.services.office.due(work.now, 90)
        await work.deadlines.plan(1, DeadlineKind.UNTAKEN_LONG, late)
        await work.deadlines.plan(1, DeadlineKind.FOLLOW_UP, late)
    await sme.taps(NO)
    sme.sees("J'en suis désolé", "L'équipe en est avertie à l'instant")
    told = administrator.messages()[-1]
    assert ALARM in told["text"]
    assert number in told["text"]
    assert told["reply_to_message"]["text"].startswith(f"Demande {number}")
    due = dict(await stage.rows(select(deadlines.c.kind, deadlines.c.due_at)))
    assert due["untaken_long"].date().isoformat() == "2026-12-07"
    assert due["follow_up"] == late
    # Put right later: the group learns that too, and the history keeps both.
    await sme.taps("Voir ma demande")
    await sme.taps("Dire si le contact a eu lieu")
    sme.sees(f"Vous avez répondu : « {NO} »")
    await sme.taps(NO_USE)
    assert "corrige" in administrator.messages()[-1]["text"]
    assert await said(stage) == ("no_use", [])
    await sme.says(number)
    sme.sees(f"vous avez dit : « {NO} »", f"vous avez dit : « {NO_USE} »")


@pytest.mark.parametrize(
    ("typed", "helped"),
    [
        ("oui ça a aidé", Helped.HELPED),
        ("Oui, et cela m'a aidé", Helped.HELPED),
        ("oui super contact", Helped.HELPED),
        ("non personne", Helped.NO_CONTACT),
        ("non", Helped.NO_CONTACT),
        ("toujours rien", Helped.NO_CONTACT),
        ("on m'a pas rappelé", Helped.NO_CONTACT),
        ("oui mais rien d'utile", Helped.NO_USE),
        ("oui mais ça n'a rien donné", Helped.NO_USE),
        ("nobody called", Helped.NO_CONTACT),
        ("yes it helped", Helped.HELPED),
    ],
)
async def test_an_answer_in_ones_own_words_is_understood(
    sme: Speaker, stage: Stage, typed: str, helped: Helped
) -> None:
    await in_touch(sme, stage)
    await sme.says(typed)
    assert await said(stage) == (helped, [])


async def test_a_plain_yes_is_asked_whether_it_helped(sme: Speaker, stage: Stage) -> None:
    await in_touch(sme, stage)
    await sme.says("oui")
    sme.sees("Vous a-t-il aidé ?")
    assert sme.labels[:2] == [YES, NO_USE]
    assert await said(stage) == (None, [])
    await sme.says("sans suite")
    assert await said(stage) == ("no_use", [])


async def test_a_long_answer_is_a_word_for_the_team_too(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await in_touch(sme, stage)
    word = "Non, personne ne m'a appelé, mon numéro est pourtant le 06 12 34 56 78"
    await sme.says(word)
    assert await said(stage) == ("no_contact", [word])
    administrator.received(ALARM, "Un mot de l'entreprise")
    assert "06 12 34 56 78" not in str(administrator.messages())


async def test_the_word_after_the_answer_goes_to_the_team_once(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await in_touch(sme, stage)
    await sme.taps(NO_USE)
    await sme.says("Leur machine est trop petite pour nos pièces")
    sme.sees("C'est transmis à l'équipe", number)
    administrator.received("Un mot de l'entreprise", "trop petite pour nos pièces")
    assert (await said(stage))[1] == ["Leur machine est trop petite pour nos pièces"]
    # The next text is about whatever it is about.
    await sme.says("c'est quoi un chef de file ?")
    assert len((await said(stage))[1]) == 1


@pytest.mark.parametrize(
    "other",
    [
        "c'est quoi un chef de file ?",
        "/projets",
        "merci",
        "non merci",
        "TI-2026-0001",
        "06 12 34 56 78",
    ],
)
async def test_something_else_than_a_word_is_not_passed_on(
    sme: Speaker, stage: Stage, other: str
) -> None:
    await in_touch(sme, stage)
    await sme.taps(YES)
    await sme.says(other)
    assert await said(stage) == ("helped", [])
    assert "C'est transmis" not in sme.text


async def test_a_question_under_the_question_is_answered(sme: Speaker, stage: Stage) -> None:
    await in_touch(sme, stage)
    await sme.says("qui devait m'appeler ?")
    assert await said(stage) == (None, [])
    stage.clock.passes(minutes=11)
    await sme.says("non personne")
    # What was shown so long ago is no longer what a text answers, but what is plain is asked again.
    assert await said(stage) == (None, [])
    stage.clock.passes(hours=3)
    await sme.says("bonjour, personne ne m'a contacté")
    sme.sees("Le contact a-t-il eu lieu ?")
    await sme.says("non")
    assert await said(stage) == ("no_contact", [])


async def test_too_long_a_word_is_given_back_and_a_shorter_one_taken(
    sme: Speaker, stage: Stage
) -> None:
    await in_touch(sme, stage)
    await sme.taps(YES)
    await sme.says("Tout va bien. " * 80)
    sme.sees(f"{LONGEST_WORD} caractères au plus", "Rien n'est parti")
    await sme.says("Tout va bien avec eux")
    assert (await said(stage))[1] == ["Tout va bien avec eux"]


@pytest.mark.parametrize(
    ("ways", "is_taken"),
    [
        ((EventKind.CLOSE,), True),
        ((EventKind.CLOSE, EventKind.REOPEN), False),
    ],
)
async def test_an_old_button_says_what_became_of_the_question(
    sme: Speaker, stage: Stage, ways: tuple[EventKind, ...], *, is_taken: bool
) -> None:
    await in_touch(sme, stage)
    message, data = sme.button(YES)
    await moves_by(stage, *ways, particulars=Particulars(outcome=Ending.NOTHING))
    await sme.taps_data(message["message_id"], data)
    sme.sees("C'est noté" if is_taken else "Cette question ne se pose plus")
    assert (await said(stage))[0] == ("helped" if is_taken else None)


async def test_who_withdrew_is_not_asked(sme: Speaker, stage: Stage) -> None:
    await declares(sme, stage, "interest")
    await moves_by(stage, EventKind.TAKE, EventKind.INTRODUCE)
    await sme.taps("Voir ma demande")
    await sme.taps("Suite…")
    await sme.taps("Retirer ma demande")
    await sme.taps("Oui, retirer")
    sme.mark()
    await asks(stage)
    assert sme.new == []


async def test_who_has_answered_is_not_asked_again(sme: Speaker, stage: Stage) -> None:
    await in_touch(sme, stage)
    await sme.taps(YES)
    sme.mark()
    await asks(stage)
    assert sme.new == []


async def test_the_group_learns_that_the_question_reached_nobody(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await declares(sme, stage, "interest")
    await moves_by(stage, EventKind.TAKE, EventKind.INTRODUCE)
    stage.messenger.blocks(sme.user)
    await stage.settles()
    await asks(stage)
    administrator.received("la personne n'a pas reçu le message du bot", "a bloqué le bot")


async def test_another_persons_question_is_not_answered(
    sme: Speaker, other_sme: Speaker, stage: Stage
) -> None:
    await in_touch(sme, stage)
    _, data = sme.button(NO)
    await other_sme.says("/aide")
    await other_sme.taps_data(other_sme.messages()[-1]["message_id"], data)
    assert "n'est pas dans votre liste" in other_sme.toast
    assert await said(stage) == (None, [])


async def test_an_erasure_takes_the_word_out_of_the_group(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await in_touch(sme, stage)
    await sme.taps(NO)
    await sme.says("Leur machine est trop petite")
    administrator.received("trop petite")
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert "trop petite" not in str(administrator.messages())
    assert await said(stage) == ("no_contact", [])


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("oui", CONTACTED),
        ("ils m'ont appelé", CONTACTED),
        ("oui j'ai été contacté, pas convaincu", (Helped.NO_USE,)),
        ("non, jamais", (Helped.NO_CONTACT,)),
        ("aucune nouvelle", (Helped.NO_CONTACT,)),
        ("ça nous a bien servi", (Helped.HELPED,)),
        ("non ça n'a pas aidé", (Helped.NO_USE,)),
        ("they called, not useful", (Helped.NO_USE,)),
        ("I haven't heard from them", (Helped.NO_CONTACT,)),
        ("l'hydrogène", ()),
        ("bonjour", ()),
    ],
)
def test_what_a_text_may_mean(text: str, meant: tuple[Helped, ...]) -> None:
    assert said_in(text) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "non personne",
        "Non, personne.",
        "non, toujours personne",
        "toujours rien",
        "non aucun appel",
        "non pas encore contacté",
        "no, nobody",
        "non, personne ne m'a appelé depuis, et mon atelier attend",
    ],
)
async def test_that_nobody_called_declines_no_button_of_the_request(
    sme: Speaker, stage: Stage, administrator: Speaker, typed: str
) -> None:
    await declares(sme, stage, "interest")
    await moves_by(stage, EventKind.TAKE, EventKind.INTRODUCE)
    # Under the message that it is put in touch, it is understood but too early to alarm anybody.
    await sme.says(typed)
    sme.sees("C'est un peu tôt")
    assert ALARM not in str(administrator.messages())
    stage.clock.passes(days=2)
    await sme.says("TI-2026-0001")
    await sme.says(typed)
    assert (await said(stage))[0] == "no_contact"
    assert ALARM in str(administrator.messages())
    assert ("mon atelier attend" in str(administrator.messages())) == (len(typed) > 40)


REFUSALS = ("no_words", "decline_words", "waiting_words", "softening_words")


@pytest.mark.parametrize("name", REFUSALS)
def test_no_refusal_says_that_nobody_called(name: str) -> None:
    for words in phrases(name):
        for typed in (words, f"non {words}", f"{words}, non merci"):
            assert not inside(contact_said, "NOBODY").search(typed), typed
    for typed in ("non rien", "non, une personne", "parler à une personne", "non pas de souci"):
        assert not inside(contact_said, "NOBODY").search(typed), typed


@pytest.mark.parametrize("by_words", [True, False])
async def test_nobody_is_alarmed_before_the_contact_could_have_taken_place(
    sme: Speaker, stage: Stage, administrator: Speaker, by_words: bool
) -> None:
    # From Monday at eleven on, Tuesday is the first whole working day.
    await declares(sme, stage, "interest")
    await moves_by(stage, EventKind.TAKE, EventKind.INTRODUCE)
    for hours, is_early in ((0, True), (30, True), (18, False)):
        stage.clock.passes(hours=hours)
        await sme.says("TI-2026-0001")
        await sme.taps("Dire si le contact a eu lieu")
        await (sme.says("non, personne") if by_words else sme.taps(NO))
        assert (ALARM in str(administrator.messages())) is not is_early
        if is_early:
            sme.sees("C'est un peu tôt", "le mercredi 25 novembre", "le lundi 30 novembre")
            assert await said(stage) == (None, [])
    # That it happened may be said at once.
    await sme.taps("Voir ma demande")
    await sme.taps("Dire si le contact a eu lieu")
    await sme.taps(YES)
    assert await said(stage) == ("helped", [])


async def test_a_word_said_too_early_still_reaches_the_team(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await declares(sme, stage, "interest")
    await moves_by(stage, EventKind.TAKE, EventKind.INTRODUCE)
    await sme.taps("Voir ma demande")
    await sme.says("non, personne ne m'a contacté, et je ferme vendredi pour deux semaines")
    sme.sees("C'est un peu tôt")
    administrator.received("je ferme vendredi")
    assert ALARM not in str(administrator.messages())


@pytest.mark.parametrize("is_queued", [True, False])
async def test_the_question_that_was_promised_is_asked_of_a_request_closed_meanwhile(
    sme: Speaker, stage: Stage, is_queued: bool
) -> None:
    await declares(sme, stage, "interest")
    await moves_by(stage, EventKind.TAKE, EventKind.INTRODUCE)
    sme.sees("Le lundi 30 novembre, je vous demanderai")
    closed = Particulars(outcome=Ending.NOTHING)
    if is_queued:
        # It waits for the morning when the team closes the request: it is not lost with that.
        stage.clock.passes(days=7, hours=9)
        await asks(stage, keeps_hours=True)
        await moves_by(stage, EventKind.CLOSE, particulars=closed)
    else:
        await moves_by(stage, EventKind.CLOSE, particulars=closed)
    ((kind, due_at),) = await stage.rows(select(deadlines.c.kind, deadlines.c.due_at))
    assert kind == "follow_up"
    assert due_at.date().isoformat() == ("2026-12-01" if is_queued else "2026-11-30")
    # No other end keeps it, and a request that is worked on anew has its own wait.
    await moves_by(stage, EventKind.REOPEN)
    kinds = {kind for (kind,) in await stage.rows(select(deadlines.c.kind))}
    assert kinds == {"untouched", "unheard"}


async def test_whom_the_firm_met_is_named_where_it_is_not_the_lead_of_the_project(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await declares(sme, stage, "interest")
    await moves_by(stage, EventKind.TAKE)
    met = Particulars(note="Atelier Tiers")
    await moves_by(stage, EventKind.INTRODUCE, particulars=met)
    stage.clock.passes(days=7)
    sme.mark()
    await asks(stage)
    sme.sees("avec Atelier Tiers")
    await sme.taps(NO)
    assert "joindre Atelier Tiers" in administrator.messages()[-1]["text"]
    await sme.taps("Voir ma demande")
    await sme.taps("Suite…")
    await sme.taps("Retirer ma demande")
    sme.sees("dire à Atelier Tiers que vous vous retirez")
    await sme.taps("Oui, retirer")
    administrator.received("merci de dire à Atelier Tiers qu'elle se retire")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("personne ne m'a rappelé", "Je suis désolé de cette attente"),
        ("personne ne ma rappelé", "Je suis désolé de cette attente"),
        ("pourquoi personne mappelle", "Je suis désolé de cette attente"),
        ("c quand que vous m'appelez ?", "d'ici quand une réponse est attendue"),
        ("when will you call me?", "by when an answer is due"),
        ("relancer", "Il est encore tôt"),
        ("je relance ma demande", "Il est encore tôt"),
    ],
)
async def test_who_waits_for_a_call_is_told_where_it_stands_and_not_asked_for_a_number(
    sme: Speaker, stage: Stage, text: str, shown: str
) -> None:
    await declares(sme, stage, "callback")
    await moves_by(stage, EventKind.TAKE)
    await sme.says("merci")
    await sme.says(text)
    sme.sees(shown, "TI-2026-0001")
    assert "Oui, rappelez-moi" not in sme.labels


async def test_who_waits_for_nothing_may_ask_for_a_call_in_such_words(sme: Speaker) -> None:
    await sme.says("personne ne m'a rappelé")
    assert "Je suis désolé de cette attente. Voici" not in sme.text
    await sme.says("relancer")
    assert "Il est encore tôt" not in sme.text
