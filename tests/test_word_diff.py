"""Where two texts differ, in words; and changes of the files as a facilitator reads them."""

import re
import time
from html import escape
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import knowledge
from knowledge.curation.diff import Difference, DifferenceKind
from knowledge.curation.told_changes import told
from knowledge.curation.word_diff import changed_passages, plain

SHIPPED = Path(knowledge.__file__).parent
LONG = "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze"
WORDS = st.lists(
    st.sampled_from(["le", "la", "guichet", "lundi", "mardi", "ouvert,", "fermé."]), max_size=30
)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "Allez au guichet de la <b>sous-préfecture</b> de votre ville, le lundi.",
            "Allez au guichet de la <b>préfecture</b> de votre ville, le lundi.",
            ["… au guichet de la [sous-préfecture → préfecture] de votre ville, …"],
        ),
        ("un deux trois", "un deux trois quatre", ["un deux trois [+ quatre]"]),
        ("un deux trois quatre", "un trois quatre", ["un [− deux] trois quatre"]),
        ("le 12 : ouvert", "le 13 : fermé", ["le [12 : ouvert → 13 : fermé]"]),
        ("1,5 % de plus", "2,5 % de plus", ["[1,5 → 2,5] % de plus"]),
        # Far from each other, two changes are two passages.
        (LONG, LONG.replace("deux", "2").replace("treize", "13"), None),
        # The formatting alone.
        ("la région aide", "la <b>région</b> aide", ["la [région → région, en gras] aide"]),
        ("la <i>région</i>", "la région", ["la [région → région, sans mise en forme]"]),
        (
            'Voir <a href="https://a.fr">ici</a>.',
            'Voir <a href="https://b.fr">ici</a>.',
            ["Voir [ici → ici, lien vers https://b.fr]."],
        ),
        ("R&amp;D et essais", "R&amp;D et mesures", ["R&D et [essais → mesures]"]),
        ("un\ndeux", "un deux", []),
    ],
)
def test_the_words_that_changed_are_shown_with_a_few_around(
    before: str, after: str, expected: list[str] | None
) -> None:
    if expected is None:
        first, second = changed_passages(before, after)
        assert ("[deux → 2]" in first, "[treize → 13]" in second) == (True, True)
        assert first.endswith(" …")
        assert second.startswith("… ")
    else:
        assert list(changed_passages(before, after)) == expected


def test_a_passage_that_moved_is_named_at_both_places() -> None:
    moved = "Le point de vue change."
    before, after = f"{LONG}. {moved} {LONG}.", f"{LONG}. {LONG}. {moved}"
    text = " ".join(changed_passages(before, after))
    assert "déplacé d'ici :" in text
    assert "déplacé ici :" in text
    assert "→" not in text


@given(WORDS, WORDS)
def test_something_is_told_just_where_the_texts_read_otherwise(
    first: list[str], second: list[str]
) -> None:
    before, after = " ".join(first), " ".join(second)
    passages = changed_passages(before, after)
    assert bool(passages) == (before != after)
    assert all(re.search(r"\[[^\]]+\]", passage) for passage in passages)


@given(st.text(alphabet="ab <>/&;é'", max_size=40), st.text(alphabet="ab <>/&;é'", max_size=40))
def test_any_markup_right_or_wrong_is_told(before: str, after: str) -> None:
    assert changed_passages(before, before) == ()
    assert isinstance(changed_passages(before, after), tuple)
    assert plain(escape(before)) == " ".join(before.split())


def difference(
    before: str | None, after: str | None, field: str = "", what: str = "entry", id_: str = "aide"
) -> Difference:
    kind = DifferenceKind.CHANGED
    if not field:
        kind = DifferenceKind.ADDED if before is None else DifferenceKind.REMOVED
    return Difference(kind, what, id_, "L'aide", before, after, field)


def test_an_added_answer_is_told_with_its_phrasings_and_without_tags() -> None:
    phrasings = [difference(None, f"phrase {number}", what="phrasing") for number in range(9)]
    changes = [difference(None, "Par la <b>région</b> &amp; l'État."), *phrasings]
    (short,) = told(changes, 400)
    assert short.heading == "Ajouté, réponse « L'aide »"
    answer, with_them = short.lines
    assert answer == "Par la région & l'État."
    assert with_them.startswith("avec 9 formulations : « phrase 0 » ; ")
    assert with_them.endswith(" … et 4 autres")
    (whole,) = told(changes)
    assert all(f"« phrase {number} »" in whole.lines[1] for number in range(9))


@pytest.mark.parametrize("would", [False, True])
@pytest.mark.parametrize(
    ("field", "before", "after", "verbs", "lines"),
    [
        ("brouillon", None, "oui", ("Masqué (brouillon)", "Masquerait (brouillon)"), ()),
        ("brouillon", "non", "Oui", ("Masqué (brouillon)", "Masquerait (brouillon)"), ()),
        ("brouillon", "oui", None, ("Remis en service", "Remettrait en service"), ()),
        ("brouillon", "appelez", "non", ("Remis en service", "Remettrait en service"), ()),
        (
            "brouillon",
            None,
            "appelez d'abord",
            ("Masqué (brouillon)", "Masquerait (brouillon)"),
            ("À faire avant de le remettre : appelez d'abord",),
        ),
        (
            "retire_le",
            None,
            "2026-12-31",
            ("Clos", "Clorait"),
            ("Il ne prend plus de demande à partir du 2026-12-31.",),
        ),
        ("retire_le", "2026-12-31", None, ("Rouvert", "Rouvrirait"), ()),
    ],
)
def test_what_takes_an_item_from_people_or_gives_it_back_is_told_as_such(
    field: str,
    before: str | None,
    after: str | None,
    verbs: tuple[str, str],
    lines: tuple[str, ...],
    *,
    would: bool,
) -> None:
    change = Difference(DifferenceKind.CHANGED, "project", "aide", "L'aide", before, after, field)
    (found,) = told([change], would=would)
    assert found.heading == f"{verbs[would]}, projet « L'aide »"
    assert found.lines == lines


def test_phrasings_are_counted_by_answer() -> None:
    changes = [
        difference(None, "des sous", what="phrasing"),
        difference(None, "un projet", what="phrasing", id_="autre"),
        difference("fric", None, what="phrasing"),
    ]
    first, second = told(changes, 400)
    assert first.heading == "Formulations de « L'aide » : 1 ajoutée, 1 retirée"
    assert first.lines == ("+ « des sous »", "− « fric »")
    assert second.heading.endswith(": 1 ajoutée")


@pytest.mark.parametrize(
    ("before", "after", "field", "expected"),
    [
        ("Istres, Rousset", "Rousset, Fos", "territoires", ("[+ Fos], [− Istres]",)),
        (
            "Istres, Rousset",
            "Rousset, Istres",
            "territoires",
            ("Le même contenu, dans un autre ordre.",),
        ),
        (None, "oui", "cherche_un_chef_de_file", ("[+ oui]",)),
        ("2026-12-01", "2027-01-01", "date_limite", ("[2026-12-01 → 2027-01-01]",)),
        ("a\nb", "a b", "reponse", ("Seuls des espaces ou des retours à la ligne changent.",)),
        (
            "un deux trois quatre cinq six",
            "rien de tout cela ne reste",
            "reponse",
            ("Avant : un deux trois quatre cinq six", "Après : rien de tout cela ne reste"),
        ),
    ],
)
def test_each_kind_of_field_is_told(
    before: str | None, after: str, field: str, expected: tuple[str, ...]
) -> None:
    (change,) = told([difference(before, after, field)], 400)
    assert change.lines == expected


@given(st.text(max_size=3000), st.text(max_size=3000), st.integers(60, 400))
def test_what_is_told_of_a_change_is_bounded(before: str, after: str, longest: int) -> None:
    for change in told([difference(before, after, "reponse")], longest):
        assert sum(map(len, change.lines)) <= 4 * longest


def test_very_long_texts_take_no_long_time() -> None:
    many = " ".join(f"mot{number}" for number in range(5000))
    (passage,) = changed_passages(many, many.replace("mot2500", "autre"))
    assert (
        passage
        == "… mot2496 mot2497 mot2498 mot2499 [mot2500 → autre] mot2501 mot2502 mot2503 mot2504 …"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Each pass of the comparison finds two words alike, among two thousand.
        (
            " ".join("ab"[n % 2] for n in range(2000)),
            " ".join("ba"[n // 2 % 2] for n in range(2000)),
        ),
        ("!" * 2000, "!?" * 1000),
        ("<b>x" * 1000, "<i>x" * 1000),
        ("<" + "a" * 400_000, ""),
    ],
)
def test_texts_made_to_be_slow_to_compare_are_not(before: str, after: str) -> None:
    start = time.process_time()
    changed_passages(before, after)
    assert time.process_time() - start < 5


def test_the_longest_answers_are_compared_word_by_word() -> None:
    entries = yaml.safe_load((SHIPPED / "faq.yaml").read_text("utf-8"))["entrees"]
    prose = " ".join(each["reponse"] for each in entries)[:3000]
    words = prose.split()
    for place in (20, 200, 400):
        words[place] = "autrement"
    assert len(changed_passages(prose, " ".join(words))) == 3
