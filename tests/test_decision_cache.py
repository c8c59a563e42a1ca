"""Decisions are found again; nobody's words are kept for it, and no knowledge is kept alive."""

import gc
from collections.abc import Iterator
from dataclasses import replace
from weakref import ref

from handlers.core.decision_cache import DecisionCache
from knowledge.knowledge import Knowledge
from knowledge.matcher.matcher import Decision, Outcome

ONE, TWO = (Decision(outcome, (), ()) for outcome in (Outcome.ANSWER, Outcome.CHOICES))


def test_what_was_kept_is_found_by_the_very_same_question(shipped: Knowledge) -> None:
    decisions = DecisionCache()
    decisions.keep(shipped, "Qui pilote ?", ONE)
    assert decisions.get(shipped, "Qui pilote ?") is ONE
    assert decisions.get(shipped, "qui pilote ?") is None
    decisions.keep(shipped, "Qui pilote ?", TWO)
    assert decisions.get(shipped, "Qui pilote ?") is TWO


def test_the_oldest_is_forgotten_first(shipped: Knowledge) -> None:
    decisions = DecisionCache(most=3)
    for number in range(5):
        decisions.keep(shipped, str(number), ONE)
    kept = [decisions.get(shipped, str(number)) for number in range(5)]
    assert kept == [None, None, ONE, ONE, ONE]


def test_what_another_knowledge_decided_is_not_found(shipped: Knowledge) -> None:
    decisions, other = DecisionCache(), replace(shipped)
    decisions.keep(shipped, "Qui pilote ?", ONE)
    assert decisions.get(other, "Qui pilote ?") is None
    decisions.keep(other, "Qui paie ?", TWO)
    assert decisions.get(shipped, "Qui pilote ?") is None
    assert decisions.get(other, "Qui paie ?") is TWO


def test_no_knowledge_is_kept_alive(shipped: Knowledge) -> None:
    decisions, other = DecisionCache(), replace(shipped)
    decisions.keep(other, "Qui pilote ?", ONE)
    watched = ref(other)
    del other
    gc.collect()
    assert watched() is None


def test_any_text_has_a_key(shipped: Knowledge) -> None:
    decisions = DecisionCache()
    for text in ("", "\x00", "\ud800", "x" * 100_000):
        decisions.keep(shipped, text, ONE)
        assert decisions.get(shipped, text) is ONE


def _held(value: object) -> Iterator[object]:
    yield value
    for inner in gc.get_referents(value):
        if isinstance(inner, dict | bytes | str | list | tuple):
            yield from _held(inner)


def test_no_words_are_kept(shipped: Knowledge) -> None:
    decisions = DecisionCache()
    decisions.keep(shipped, "mon numero est le 0612345678", ONE)
    assert not [one for one in _held(decisions) if "0612345678" in str(one)]
    assert [one for one in _held(decisions) if isinstance(one, bytes)]
