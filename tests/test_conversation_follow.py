"""What follows an answer is matched with it, named above the next one, and can be shown again."""

from typing import TypeAlias

import pytest
from dialogue import Speaker, Stage, buttons
from sqlalchemy import select
from test_worker import answers, crowd, write_at_once

from knowledge.knowledge import Knowledge
from knowledge.matcher.matcher import Decision, Matcher, Outcome
from storage.engine.schema import contexts

Matched: TypeAlias = list[tuple[str, str]]
ELLIPSIS = "et pour une toute petite boîte de huit ?"


@pytest.fixture
def matched(monkeypatch: pytest.MonkeyPatch) -> Matched:
    """What is matched, with what it came after; the ellipsis follows whatever it came after."""
    found: Matched = []
    match = Matcher.match

    def noted(self: Matcher, question: str, *, after: str = "") -> Decision:
        found.append((question, after))
        if question == ELLIPSIS and after:
            entry = after if not after.startswith("project:") else "financement"
            return Decision(Outcome.ANSWER, (entry,), (), follows=True)
        return match(self, question, after=after)

    monkeypatch.setattr(Matcher, "match", noted)
    return found


async def answered(who: Speaker) -> None:
    await who.says("/themes")
    await who.says(who.stage.knowledge.entry("financement").title)  # type: ignore[union-attr]  # it ships
    who.sees("Source")


async def test_a_question_is_matched_with_the_answer_before_it(
    sme: Speaker, matched: Matched
) -> None:
    await answered(sme)
    await sme.says(ELLIPSIS)
    assert matched[-1] == (ELLIPSIS, "financement")
    sme.sees("Toujours sur Le financement des projets :")


async def test_a_question_is_matched_with_the_project_before_it(
    sme: Speaker, matched: Matched
) -> None:
    await sme.says("/projets")
    await sme.says("4")
    await sme.says(ELLIPSIS)
    assert matched[-1] == (ELLIPSIS, "project:fictif-soudeurs-port-saint-louis")
    sme.sees("À la suite de École de soudage itinérante")


async def test_nothing_is_followed_after_ten_minutes_nor_by_somebody_else(
    sme: Speaker, stage: Stage, matched: Matched
) -> None:
    await answered(sme)
    other = crowd(stage)[0]
    await other.says(ELLIPSIS)
    assert matched[-1] == (ELLIPSIS, "")
    stage.clock.passes(minutes=10)
    await sme.says(ELLIPSIS + " ")
    assert matched[-1][1] == ""
    assert "Toujours sur" not in sme.text


async def test_the_same_text_is_matched_anew_after_another_answer(
    sme: Speaker, matched: Matched
) -> None:
    await sme.says(ELLIPSIS)
    await answered(sme)
    await sme.says(ELLIPSIS)
    assert [after for text, after in matched if text == ELLIPSIS] == ["", "financement"]


@pytest.mark.parametrize("between", ["merci", "merci beaucoup", "xylophone quantique zébré"])
async def test_a_courtesy_or_no_answer_leaves_the_topic(
    sme: Speaker, matched: Matched, between: str
) -> None:
    await answered(sme)
    await sme.says(between)
    await sme.says(ELLIPSIS)
    assert matched[-1] == (ELLIPSIS, "financement")


async def test_another_screen_ends_the_topic(sme: Speaker, matched: Matched) -> None:
    await answered(sme)
    await sme.says("/projets")
    await sme.says(ELLIPSIS)
    assert matched[-1] == (ELLIPSIS, "")


async def test_questions_of_many_are_matched_each_after_its_own_answer(
    stage: Stage, matched: Matched
) -> None:
    people = crowd(stage)
    await answered(people[0])
    await write_at_once(stage, people, lambda _: ELLIPSIS)
    assert "Toujours sur" in answers(people[0])[-1]
    assert all("Toujours sur" not in answers(person)[-1] for person in people[1:])
    assert sorted(after for text, after in matched if text == ELLIPSIS) == ["", "financement"]


async def test_what_was_shown_is_shown_again(sme: Speaker, repeats: str) -> None:
    await answered(sme)
    first = sme.text
    await sme.says(repeats)
    assert sme.text.endswith(first)
    await sme.says("oui")
    assert sme.text == "Merci, c'est noté."


async def test_a_project_is_shown_again(sme: Speaker, repeats: str) -> None:
    await sme.says("/projets")
    await sme.says("4")
    first = sme.text
    await sme.says(repeats)
    assert sme.text.endswith(first)


async def test_with_nothing_to_show_again_the_themes_are_shown(sme: Speaker, repeats: str) -> None:
    await sme.says(repeats)
    sme.sees("Ce que je sais")


@pytest.fixture
def repeats(shipped: Knowledge) -> str:
    """A text that asks to say it again."""
    act = shipped.act("repeter")
    assert act is not None
    return act.phrasings[0]


async def test_only_the_last_buttons_are_kept(sme: Speaker, stage: Stage) -> None:
    await sme.says("/themes")
    await answered(sme)
    ((topic, offer, options),) = await stage.rows(
        select(contexts.c.topic, contexts.c.offer, contexts.c.options)
    )
    assert topic == "financement"
    labels = [label for label, _ in options]
    # The numbered list above can still be seen: its numbers count, the other buttons are gone.
    # A link is tapped in Telegram: it has no label to type.
    under = [each["text"] for each in buttons(sme.new[-1]) if "callback_data" in each]
    assert labels[: len(under)] == under
    assert all(label[0].isdigit() for label in labels[len(under) :])
    assert offer == options[0][1]
