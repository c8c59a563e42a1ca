"""From a question to a decision: exact wins, one of four outcomes, whatever is typed."""

import unicodedata
from collections.abc import Callable

import pytest
from effort import effort
from hypothesis import given
from hypothesis import strategies as st

from knowledge.knowledge import Knowledge
from knowledge.matcher.matcher import FIND_PROJECTS, Matcher, Outcome
from knowledge.projects import Census
from knowledge.ranking.corpus import FEWEST, Example
from knowledge.ranking.ranker import Ranked, Ranker, Ranking
from knowledge.text.normalise import LONGEST, normalise


def test_every_phrasing_is_answered_by_its_own_entry(shipped: Knowledge) -> None:
    for entry in shipped.entries:
        for text in (entry.question, *entry.phrasings):
            decision = shipped.matcher.match(text)
            kind = Outcome.REFERRAL if entry.service else Outcome.ANSWER
            assert (decision.outcome, decision.shown) == (kind, (entry.id,)), text


def test_every_small_talk_is_recognised(shipped: Knowledge) -> None:
    for talk in shipped.acts:
        for phrase in talk.phrasings:
            decision = shipped.matcher.match(phrase)
            assert (decision.outcome, decision.shown) == (Outcome.ACT, (talk.id,)), phrase


@pytest.mark.parametrize(
    ("question", "plain"),
    [
        ("Bonjour, comment financer un projet ? Merci d'avance", "comment financer un projet"),
        ("salut comment financer un projet svp", "comment financer un projet"),
        ("Comment  financer\nun PROJET ???", "comment financer un projet"),
    ],
)
def test_courtesies_do_not_hide_the_question(shipped: Knowledge, question: str, plain: str) -> None:
    assert shipped.matcher.match(question).shown == shipped.matcher.match(plain).shown
    assert shipped.matcher.match(question).outcome is Outcome.ANSWER


def test_a_misspelt_greeting_is_a_greeting(shipped: Knowledge) -> None:
    assert shipped.matcher.match("bonjourr").outcome is Outcome.ACT


@pytest.mark.parametrize("word", ["entreprise", "industrie", "atelier"])
def test_a_single_word_that_is_no_phrasing_is_never_answered_directly(
    shipped: Knowledge, word: str
) -> None:
    assert shipped.matcher.match(word).outcome in {Outcome.CHOICES, Outcome.NONE}


def test_nothing_is_made_of_nothing(shipped: Knowledge) -> None:
    for text in ("", "   ", "?!", "👍"):
        assert shipped.matcher.match(text).outcome is Outcome.NONE


def test_projects_are_named_by_their_words_not_by_common_ones(shipped: Knowledge) -> None:
    named = shipped.matcher.match("un projet sur l'hydrogène ?")
    assert named.outcome in {Outcome.ANSWER, Outcome.PROJECTS}
    assert named.projects[0] == "fictif-hydrogene-martigues"
    assert shipped.matcher.match("qui a parlé pendant la table ronde").projects == ()


@given(text=st.text(max_size=300))
def test_any_text_has_one_of_the_outcomes(shipped: Knowledge, text: str) -> None:
    decision = shipped.matcher.match(text)
    known = {entry.id for entry in shipped.entries} | {talk.id for talk in shipped.acts}
    assert set(decision.shown) <= known
    count = len(decision.shown)
    assert {
        Outcome.ANSWER: count == 1,
        Outcome.ACT: count == 1,
        Outcome.CHOICES: 1 <= count <= 3,
        Outcome.REFERRAL: count == 1,
        Outcome.PROJECTS: decision.projects != () and count == 0,
        Outcome.SEVERAL: 2 <= len(decision.parts) <= 3,
        Outcome.NONE: True,
    }[decision.outcome]
    scores = [one.score for one in decision.ranking]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


@given(data=st.data())
def test_how_it_is_typed_changes_nothing(shipped: Knowledge, data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from(shipped.entries))
    phrasing = data.draw(st.sampled_from(entry.phrasings))
    typed = data.draw(
        st.sampled_from(
            [
                phrasing.upper(),
                f"  {phrasing}  ",
                phrasing.replace("'", "’"),
                unicodedata.normalize("NFD", phrasing),
                "".join(
                    c
                    for c in unicodedata.normalize("NFD", phrasing)
                    if not unicodedata.combining(c)
                ),
            ]
        )
    )
    assert shipped.matcher.match(typed) == shipped.matcher.match(phrasing)


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert once == once.strip()
    assert "  " not in once


def test_what_is_read_of_a_text_is_bounded(shipped: Knowledge) -> None:
    long = "comment financer un projet " * 1000
    assert len(normalise(long)) <= LONGEST
    assert shipped.matcher.match(long).outcome in set(Outcome)


VARIANTS = (
    str.upper,
    str.title,
    lambda text: f"  {text}\n",
    lambda text: text.replace("'", "’"),
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: "".join(
        c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)
    ),
)


@given(
    words=st.lists(
        st.sampled_from(
            [
                "l'atelier",
                "cherche",
                "où",
                "s'inscrire",
                "déjà",
                "à",
                "Fos",
                "financé",
                "élu",
                "machine",
            ]
        ),
        min_size=1,
        max_size=9,
    ),
    variant=st.sampled_from(VARIANTS),
)
def test_case_accents_apostrophes_and_spaces_make_no_difference(
    shipped: Knowledge, words: list[str], variant: Callable[[str], str]
) -> None:
    text = " ".join(words)
    assert shipped.matcher.match(variant(text)) == shipped.matcher.match(text)


class Unsure(Ranker):
    """A ranker that knows nothing."""

    def rank(self, question: str, written: str = "") -> Ranking:
        del written
        return Ranking((Ranked("a", 0.0), Ranked("b", 0.0)), 0.0, 0.0, question)


@given(phrasing=st.text(min_size=1, max_size=80).filter(normalise))
def test_adding_a_phrasing_makes_it_exact(phrasing: str) -> None:
    census = Census(())
    before = Matcher((), (), (), Unsure(), census)
    after = Matcher((), (), (Example(phrasing, "b", "faq"),), Unsure(), census)
    assert before.match(phrasing).outcome is Outcome.NONE
    assert (after.match(phrasing).outcome, after.match(phrasing).shown) == (Outcome.ANSWER, ("b",))


def test_two_questions_in_a_message_are_both_answered(shipped: Knowledge) -> None:
    for first, second, question in (
        ("financement", "mutualisation", "vous financez, et peut-on partager des machines ?"),
        ("territoire", "filieres", "quelles communes sont couvertes et quelles filières visées ?"),
    ):
        decision = shipped.matcher.match(question)
        assert {first, second} <= {one.id for one in decision.ranking[:3]}
        assert decision.outcome is Outcome.SEVERAL
        assert [part.decision.shown for part in decision.parts] == [(first,), (second,)]
        assert all(part.text in question for part in decision.parts)


@pytest.mark.parametrize(
    "message",
    [
        "Bonjour,\nje dirige un atelier à Istres.\nComment financer un projet ?\nMerci d'avance",
        "comment trouver les projets en cours et comment les rejoindre",
        "merci beaucoup ! et comment financer un projet ?",
        "Comment financer un projet ? comment financer un projet ?",
    ],
)
def test_a_story_with_one_question_is_one_question(shipped: Knowledge, message: str) -> None:
    decision = shipped.matcher.match(message)
    assert decision.outcome in {Outcome.ANSWER, Outcome.PROJECTS}
    assert decision.parts == ()


def test_a_message_of_any_length_takes_a_bounded_work(shipped: Knowledge) -> None:
    long = "qui finance ? quelles communes ? qui est le chef de file ? " * 200
    bound = 40 * effort(lambda: shipped.matcher.match("comment financer un projet"))
    assert effort(lambda: shipped.matcher.match(long)) <= bound
    assert shipped.matcher.match(long).outcome is Outcome.SEVERAL


ELLIPSES = (
    *("et pour une boîte de 8 ?", "combien ?", "et pour le trouver ?", "celui d'Istres"),
    *("pourquoi ?", "c'est qui ?", "et après ?", "c'est combien ?", "et si je suis seul ?"),
)


@pytest.mark.parametrize("message", ELLIPSES)
def test_the_rest_of_a_question_follows_what_was_shown(shipped: Knowledge, message: str) -> None:
    for entry in shipped.entries:
        decision = shipped.matcher.match(message, after=entry.id)
        assert decision.follows, entry.id
        assert decision.outcome in {Outcome.ANSWER, Outcome.REFERRAL, Outcome.ACT}
    assert not shipped.matcher.match(message).follows
    # After thanks or an unknown id, nothing is followed.
    assert not shipped.matcher.match(message, after="merci").follows
    assert not shipped.matcher.match(message, after="gone").follows


def test_a_full_question_follows_nothing(shipped: Knowledge) -> None:
    for entry in shipped.entries:
        for other in shipped.entries:
            decision = shipped.matcher.match(other.question, after=entry.id)
            assert not decision.follows, (other.question, entry.id)
            assert decision.shown == (other.id,)
        unknown = shipped.matcher.match("il fait quel temps demain à Paris", after=entry.id)
        assert not unknown.follows


def test_what_follows_a_project_is_about_it(shipped: Knowledge) -> None:
    decision = shipped.matcher.match("c'est où ?", after="project:fictif-eau-process-fos")
    assert (decision.outcome, decision.follows) == (Outcome.PROJECTS, True)
    assert decision.projects == ("fictif-eau-process-fos",)


@pytest.mark.parametrize(
    ("message", "first"),
    [
        ("tournage", "fictif-usinage-aero-istres"),
        ("on bosse dans la tuyauterie à Martigues", "fictif-soudeurs-port-saint-louis"),
        ("quelque chose autour du fret à Fos", "fictif-conteneurs-fos"),
    ],
)
def test_a_trade_or_a_machine_names_its_projects(
    shipped: Knowledge, message: str, first: str
) -> None:
    decision = shipped.matcher.match(message)
    assert decision.outcome is Outcome.PROJECTS
    assert decision.projects[0] == first


@pytest.mark.parametrize("word", ["test", "formation", "recrutement", "panne", "données", "port"])
def test_an_ordinary_word_names_no_project(shipped: Knowledge, word: str) -> None:
    assert shipped.matcher.match(word).outcome is not Outcome.PROJECTS


def test_an_act_without_title_is_never_a_choice(shipped: Knowledge) -> None:
    untitled = {act.id for act in shipped.acts if not act.title}
    assert untitled
    for act in shipped.acts:
        for phrase in act.phrasings:
            decision = shipped.matcher.match(f"{phrase} enfin je ne sais pas trop")
            if decision.outcome is Outcome.CHOICES:
                assert untitled.isdisjoint(decision.shown), phrase


def test_every_decision_says_why(shipped: Knowledge) -> None:
    for question in ("bonjour", "comment financer un projet", "four froid partage", "?", "prix"):
        assert shipped.matcher.match(question).reason


def test_who_is_upset_is_answered_to_first_whatever_else_is_told(shipped: Knowledge) -> None:
    told = "je suis au bout du rouleau, les dettes s'empilent et je ne dors plus, qui finance ?"
    decision = shipped.matcher.match(told)
    assert (decision.outcome, decision.shown) == (Outcome.ACT, ("detresse",))


def test_an_act_and_the_entry_on_the_same_thing_are_no_choice(shipped: Knowledge) -> None:
    twins = {
        frozenset({act.id, entry})
        for act in shipped.acts
        for entry in act.see_also
        if act.action and (found := shipped.entry(entry)) and found.action is act.action
    }
    assert frozenset({"projets", FIND_PROJECTS}) in twins
    for act in shipped.acts:
        for phrase in act.phrasings:
            decision = shipped.matcher.match(f"dites voir {phrase} chez vous")
            if decision.outcome is Outcome.CHOICES:
                # Two that are as likely are offered only if something else is as near.
                assert frozenset(decision.shown) not in twins, phrase


class SureOf(Ranker):
    """Is sure of one entry or act, whatever is asked."""

    def __init__(self, *ids: str) -> None:
        self.ids = ids

    def rank(self, _question: str, written: str = "") -> Ranking:
        entries = tuple(Ranked(id_, 0.9 - place / 2) for place, id_ in enumerate(self.ids))
        return Ranking(entries, 0.95, 1.0, written)


@pytest.mark.parametrize(
    ("of_entry", "of_act", "shown"),
    [(FEWEST - 1, FEWEST, FIND_PROJECTS), (FEWEST, FEWEST, "projets"), (5, 9, "projets")],
)
def test_an_act_with_many_phrasings_does_not_hide_the_entry_on_the_same_thing(
    shipped: Knowledge, of_entry: int, of_act: int, shown: str
) -> None:
    counts = {FIND_PROJECTS: of_entry, "projets": of_act}
    examples = [
        Example(f"{id_} {number}", id_, "faq")
        for id_, count in counts.items()
        for number in range(count)
    ]
    ranker = SureOf("projets", FIND_PROJECTS)
    matcher = Matcher(shipped.entries, shipped.acts, examples, ranker, Census(()))
    decision = matcher.match("y a-t-il une page pour suivre tout cela")
    assert (decision.shown, decision.ranking[0].id) == ((shown,), shown)
    # What somebody wrote for the act is the act.
    assert matcher.match("projets 1").shown == ("projets",)


def test_an_entry_with_few_phrasings_hides_no_words_for_the_upset(shipped: Knowledge) -> None:
    examples = [Example(f"détresse {number}", "detresse", "faq") for number in range(FEWEST)]
    ranker = SureOf("detresse", "entreprise-en-difficulte")
    matcher = Matcher(shipped.entries, shipped.acts, examples, ranker, Census(()))
    assert matcher.match("je n'en peux plus de tout cela").shown == ("detresse",)
