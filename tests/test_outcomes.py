"""What each kind of decision shows: projects, several questions, choices of acts, a referral."""

import pytest
from dialogue import Speaker, Stage, buttons, choice_of, decides
from sqlalchemy import select

from handlers.core.buttons import person_button
from knowledge.matcher.matcher import Decision, Outcome, Part
from storage.engine.schema import questions

ASKED = "dites-moi tout"
NONE = Decision(Outcome.NONE, (), ())


def projects_of(stage: Stage, count: int) -> tuple[str, ...]:
    """Return the ids of so many open projects."""
    listed = stage.knowledge.census.listed(stage.running.parts.services.today())
    return tuple(each.id for each in listed[:count])


def naming(*projects: str) -> Decision:
    return Decision(Outcome.PROJECTS, (), (), projects)


def several(*parts: tuple[str, Decision]) -> Decision:
    return Decision(Outcome.SEVERAL, (), (), parts=tuple(Part(*part) for part in parts))


def answer_of(entry: str) -> Decision:
    return Decision(Outcome.ANSWER, (entry,), ())


async def recorded(stage: Stage) -> list[tuple[str, str]]:
    rows = await stage.rows(select(questions.c.text, questions.c.outcome).order_by(questions.c.id))
    return [tuple(row) for row in rows]


async def test_projects_that_a_question_names_are_numbered_and_lead_to_an_interest(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = projects_of(stage, 4)
    titles = [project.title for project in map(stage.knowledge.project, ids) if project]
    decides(monkeypatch, {ASKED: naming(*ids)})
    await sme.says(ASKED)
    numbered = [f"{number}. {title}" for number, title in enumerate(titles[:3], 1)]
    assert sme.labels == [*numbered, "Voir les projets ouverts", "Parler à une personne"]
    sme.sees(*numbered)
    assert await recorded(stage) == [(ASKED, "projects")]
    await sme.taps(numbered[1])
    assert "Ça m'intéresse" in sme.labels


async def test_one_project_is_shown_by_its_card(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (only,) = projects_of(stage, 1)
    decides(monkeypatch, {ASKED: naming(only)})
    await sme.says(ASKED)
    assert "Ça m'intéresse" in sme.labels
    assert "Parler à une personne" in sme.labels


async def test_several_questions_are_answered_in_one_message(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = stage.knowledge.entries[5], stage.knowledge.entries[8]
    parts = [("et un ?", answer_of(first.id)), ("et deux ?", answer_of(second.id))]
    decides(monkeypatch, {ASKED: several(*parts)})
    await sme.says(ASKED)
    (message,) = sme.new
    sme.sees(first.title, second.title)
    assert message["text"].count("Source :") == 1
    assert sme.labels == [first.title, second.title, "Parler à une personne"]
    assert await recorded(stage) == [(ASKED, "several")]


async def test_three_of_the_longest_answers_fit_in_one_message(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = sorted(stage.knowledge.entries, key=lambda each: -len(each.answer))[:4]
    parts = [(f"question {each.id}", answer_of(each.id)) for each in longest]
    decides(monkeypatch, {ASKED: several(*parts)})
    await sme.says(ASKED)
    (message,) = sme.new
    assert len(message["text"]) < 4096
    assert longest[2].title in message["text"]
    assert longest[3].title not in message["text"]


async def test_a_part_without_an_answer_is_named_kept_and_handed_over(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, open_part = stage.knowledge.entries[5], "et le prix du cuivre ?"
    parts = [("cherchez-vous des partenaires ?", answer_of(entry.id)), (open_part, NONE)]
    decides(monkeypatch, {ASKED: several(*parts)})
    await sme.says(ASKED)
    sme.sees(entry.title, f"Sur « {open_part} », je n'ai pas de réponse sûre")
    # The message is the last question of the person: its part stands before it.
    assert await recorded(stage) == [(open_part, "none"), (ASKED, "several")]
    async with stage.running.parts.database.begin() as work:
        tally = await work.questions.tally(stage.clock().replace(hour=0))
        unanswered = await work.questions.unanswered(10)
    assert (tally.asked, tally.answered) == (2, 1)
    assert [one.text for one in unanswered] == [open_part]
    await sme.taps("Transmettre « et le prix du cuivre ? »")
    sme.sees("Transmettre cette question", open_part)


async def test_the_acts_among_several_wishes_have_their_buttons(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project,) = map(stage.knowledge.project, projects_of(stage, 1))
    assert project is not None
    parts = [
        ("un local à prêter", Decision(Outcome.ACT, ("partager",), ())),
        ("parler à quelqu'un", Decision(Outcome.ACT, ("humain",), ())),
        ("ce projet", naming(project.id)),
    ]
    decides(monkeypatch, {ASKED: several(*parts)})
    await sme.says(ASKED)
    sme.sees("Un projet ouvert en parle", project.title)
    assert sme.labels == [
        "Proposer une ressource à partager",
        project.title,
        "Parler à une personne",
    ]


async def test_choices_mix_entries_and_acts_and_a_chosen_act_is_done(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = stage.knowledge.entries[5]
    decides(monkeypatch, {ASKED: choice_of(entry.id, "partager")})
    await sme.says(ASKED)
    sme.sees(f"1. {entry.title}", "2. Partager une machine, un local")
    await sme.taps("2. Partager")
    assert "Proposer une ressource à partager" in sme.labels
    rows = await stage.rows(select(questions.c.chosen))
    assert rows == [("partager",)]


async def test_an_act_without_a_title_is_never_a_choice(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    decides(monkeypatch, {ASKED: choice_of("colere", "partager", "projets")})
    await sme.says(ASKED)
    assert sme.labels[:2] == ["1. Partager une machine, un local", "2. Voir les projets ouverts"]


async def test_no_answer_offers_what_comes_near_and_people(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = [entry.id for entry in stage.knowledge.entries[:3]]
    decides(monkeypatch, {ASKED: Decision(Outcome.NONE, tuple(near), ())})
    await sme.says(ASKED)
    sme.sees("Je n'ai pas de réponse", "1. ", "2. ")
    assert len(sme.labels) == 4
    assert sme.labels[2:] == ["Transmettre à un facilitateur", "Parler à une personne"]


async def test_a_referral_is_shown_as_an_answer_and_counted_apart(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    referral = next(entry for entry in stage.knowledge.entries if entry.service)
    decides(monkeypatch, {ASKED: Decision(Outcome.REFERRAL, (referral.id,), ())})
    await sme.says(ASKED)
    sme.sees("Source :")
    assert person_button()["text"] in sme.labels
    assert await recorded(stage) == [(ASKED, "referral")]
    async with stage.running.parts.database.begin() as work:
        tally = await work.questions.tally(stage.clock().replace(hour=0))
    assert (tally.asked, tally.answered, tally.referred) == (1, 1, 1)


async def test_an_answer_shows_at_most_two_of_the_projects_that_its_question_names(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = projects_of(stage, 3)
    decision = Decision(Outcome.ANSWER, ("trouver-rejoindre-projets",), (), ids)
    decides(monkeypatch, {ASKED: decision})
    await sme.says(ASKED)
    cards = [
        each for m in sme.new for each in buttons(m) if each.get("callback_data", "")[:2] == "p:"
    ]
    assert 1 <= len(cards) <= 2


async def test_the_choices_of_a_question_in_a_form_leave_the_form_open(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = f"{ASKED} ?"
    decides(monkeypatch, {asked: choice_of(stage.knowledge.entries[5].id, "partager")})
    await sme.says("/proposer")
    await sme.taps("J'ai compris")
    await sme.says(asked)
    sme.sees("Parlez-vous de l'un de ces sujets", "Que proposez-vous ?")


async def test_a_project_that_may_fit_is_one_of_the_choices(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (only,) = projects_of(stage, 1)
    project = stage.knowledge.project(only)
    assert project
    asked = Decision(Outcome.CHOICES, ("financement",), (), (only,))
    decides(monkeypatch, {ASKED: asked})
    await sme.says(ASKED)
    label = f"2. Projet : {project.title}"
    sme.sees(label)
    await sme.taps(label)
    assert "Ça m'intéresse" in sme.labels
    assert await stage.rows(select(questions.c.chosen)) == [(f"project:{only}",)]


async def test_the_team_can_be_reached_from_a_choice_of_ways_to_it_and_where_nothing_answers(
    sme: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {
        "premier mot": Decision(Outcome.CHOICES, ("financement", "rappel"), ()),
        "autre mot": NONE,
        "encore un mot": Decision(Outcome.CHOICES, ("financement",), ()),
    }
    decides(monkeypatch, told)
    for words in ("premier mot", "autre mot"):
        await sme.says(words)
        sme.sees("contact@exemple.fr")
    await sme.says("encore un mot")
    assert "contact@exemple.fr" not in sme.text


async def test_what_one_offers_comes_with_the_project_that_it_fits(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (only,) = projects_of(stage, 1)
    project = stage.knowledge.project(only)
    assert project
    decides(monkeypatch, {ASKED: Decision(Outcome.ACT, ("partager",), (), (only,))})
    await sme.says(ASKED)
    assert sme.labels[0] == project.title
    sme.sees(project.title, "Une machine, un local")


async def test_a_project_that_is_only_likely_is_named_in_short(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    (only,) = projects_of(stage, 1)
    decides(monkeypatch, {ASKED: Decision(Outcome.PROJECTS, (), (), (only,), likely=True)})
    await sme.says(ASKED)
    sme.sees("Un projet ouvert en parle")
    assert len(sme.text.split()) < 60
