"""Surgery on the facilitators' files: one line changes, and what is read differs by that alone."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import knowledge
from knowledge.curation.yaml_edit import (
    LONGEST_PHRASING,
    LONGEST_QUESTION,
    VOICE,
    EditError,
    added_lines,
    with_out_of_scope,
    with_phrasing,
)
from knowledge.files.decoding import composed
from knowledge.files.yaml_reader import parse
from knowledge.loading import ACTS, VOICES
from knowledge.text.hidden import HIDDEN
from knowledge.text.normalise import normalise

SHIPPED = Path(knowledge.__file__).parent
ENTRY = "argent"
NASTY = [
    "yes",
    "no",
    "~",
    "null",
    "13",
    "1e3",
    "2026-11-23",
    "- un tiret",
    "# pas une note",
    "ya quoi : des sous # ou pas ?",
    'dit "entre guillemets"',
    "l'apostrophe 'simple'",
    "une \\barre \\n et \\",
    "[crochets], {accolades}",
    "*renvoi &ancre !etiquette %directive @arobase `accent grave`",
    "| bloc",
    "> plié",
    "😀 combien d'argent 🇫🇷",
    "  espaces autour  ",
    "une\ttabulation",
    "œuvre ǆ 한국어 العربية",
    "? clé",
    "--- ",
    "...points",
    "<<",
    "=",
]

NOTES = st.sampled_from(["", "  # note", " # - 'fausse' \"piste", "\t# tabulée"])
BETWEEN = st.sampled_from(
    ["", "# une note\n", "      # une note en retrait\n", "\n", "\n\n# fin\n"]
)
PLAIN = st.text(alphabet="abcdefgéè ", min_size=1, max_size=12).map(str.strip).filter(bool)
STYLES: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: f'"{text}"',
    lambda text: f"'{text}'",
    lambda text: f'"{text}\n          suite"',
    lambda text: f"{text}\n          suite",
    lambda text: f"|\n          {text}\n          suite",
    lambda text: f">-\n          {text}\n\n          suite",
    lambda text: f"|+\n          {text}\n\n",
)


def data(text: str, file: str = "faq.yaml") -> Any:
    """Return what a text is read as."""
    document, problems = parse(text.encode(), file)
    assert document is not None, problems
    assert not problems
    return document.data


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the lines that only the first has, and those that only the second has."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return old[start : len(old) - end], new[start : len(new) - end]


@st.composite
def block_lists(draw: st.DrawFn) -> str:
    """Draw ``variantes`` with a dash an item, in the many ways that people write it."""
    indent = draw(st.sampled_from(["    ", "      ", "        "]))
    dash = draw(st.sampled_from(["- ", "-   ", "-\t", "-\n          "]))
    lines = f"    variantes:{draw(NOTES)}\n"
    for text in draw(st.lists(PLAIN, min_size=1, max_size=4)):
        style = draw(st.sampled_from(STYLES))
        written = style(text)
        multiline = written[0] in "|>"
        if not multiline:
            written += draw(NOTES)
        lines += indent + (dash if "\n" not in dash or not multiline else "- ") + written
        lines += ("" if lines.endswith("\n") else "\n") + draw(BETWEEN)
    return lines


@st.composite
def flow_lists(draw: st.DrawFn) -> str:
    """Draw ``variantes`` between brackets."""
    texts = draw(st.lists(PLAIN, max_size=3))
    separator = draw(st.sampled_from([", ", ",", " ,\n        ", ", # note\n        "]))
    last = draw(st.sampled_from(["", " ", "\n      "] + ([",", " , "] if texts else [])))
    first = draw(st.sampled_from(["", " ", "\n        "]))
    quoted = [draw(st.sampled_from(STYLES[:3]))(text) for text in texts]
    return f"    variantes: [{first}{separator.join(quoted)}{last}]{draw(NOTES)}\n"


@st.composite
def files(draw: st.DrawFn) -> str:
    """Draw a faq.yaml in which the entry's list stands first, in the middle or last."""
    head = draw(st.sampled_from(["", "# tête\n", "---\n", "# é😀\n\n"]))
    listed = draw(st.one_of(block_lists(), flow_lists()))
    fields = [f'  - id: {ENTRY}\n    question: "q ?"\n', listed, "    titre: 'Les sous'\n"]
    if draw(st.booleans()):
        fields[1:] = [fields[2], fields[1]]
    others = "  - id: autre\n    variantes:\n      - premier de l'autre\n    titre: Autre\n"
    entry = "".join(fields)
    body = draw(st.sampled_from([entry, entry + others, others + entry]))
    text = head + "entrees:\n" + body
    if draw(st.booleans()):
        text = text.rstrip("\n")
    text = draw(st.sampled_from(["", "\ufeff"])) + text
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n", "\r"])))


phrasings = st.one_of(
    st.sampled_from(NASTY),
    st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60),
)

one_line = st.one_of(
    st.sampled_from(NASTY),
    st.text(alphabet=st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=60),
).filter(lambda text: not HIDDEN.search(text))


def reads_the_same_but_for(before: str, after: str, phrasing: str) -> None:
    """Check that what is read differs by one phrasing at the end of the entry's list."""
    expected = copy.deepcopy(data(before))
    (entry,) = [one for one in expected["entrees"] if one["id"] == ENTRY]
    # A file's letters are read composed, however they were typed.
    entry["variantes"].append(composed(phrasing))
    assert data(after) == expected


def is_rightly_refused(code: str, faq: str) -> None:
    """Check that a file that reads well is refused for its phrasing, or for its very last line."""
    of_phrasing = {"blank_phrasing", "phrasing_of_lines", "phrasing_there"}
    assert code in {*of_phrasing, "phrasing_hidden_character", "not_editable"}
    # A block of text that ends the file without a line break would gain one: two lines change.
    assert code != "not_editable" or faq[-1] not in "\r\n"


@given(faq=files(), phrasing=phrasings)
def test_adding_a_phrasing_changes_exactly_one_line(faq: str, phrasing: str) -> None:
    document, problems = parse(faq.encode(), "faq.yaml")
    assume(document is not None and not problems)
    try:
        edited = with_phrasing(faq, ENTRY, phrasing)
    except EditError as error:
        is_rightly_refused(error.problem.code, faq)
        return
    gone, come = changed_lines(faq, edited)
    in_place = len(gone) == 1
    without_final_break = not faq.endswith(("\n", "\r"))
    assert len(come) == 1 or (without_final_break and in_place and len(come) == 2)
    assert len(gone) <= 1
    assert added_lines(faq, edited) == tuple(line.rstrip("\r\n") for line in come[-1:])
    reads_the_same_but_for(faq, edited, phrasing)


@pytest.mark.parametrize("phrasing", NASTY)
def test_whatever_is_typed_is_read_back_as_it_was_typed(phrasing: str) -> None:
    faq = f"entrees:\n  - id: {ENTRY}\n    variantes:\n      - un\n    titre: t\n"
    if not normalise(phrasing):
        with pytest.raises(EditError):
            with_phrasing(faq, ENTRY, phrasing)
        return
    edited = with_phrasing(faq, ENTRY, phrasing)
    assert data(edited)["entrees"][0]["variantes"] == ["un", phrasing]
    assert edited.count("\n") == faq.count("\n") + 1


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.long)])
def test_every_shipped_entry_gains_one_line_at_the_end_of_its_list(step: int) -> None:
    """Each fifth entry, and the last; at length, each of them."""
    faq = (SHIPPED / "faq.yaml").read_bytes().decode()
    ids = [entry["id"] for entry in data(faq)["entrees"]]
    assert len(ids) > 10
    for entry in {*ids[::step], ids[-1]}:
        gains_one_line(faq, entry)


def gains_one_line(faq: str, entry: str) -> None:
    """Check that a line comes at the end of the list of an entry, and nothing else."""
    edited = with_phrasing(faq, entry, "Une tout autre façon : « demander » ?")
    gone, come = changed_lines(faq, edited)
    assert gone == []
    assert come == ['      - "Une tout autre façon : « demander » ?"\n']
    after = edited.index(come[0]) + len(come[0])
    assert edited[after:].lstrip().startswith("voir_aussi:")


def test_an_act_gains_a_phrasing_as_an_entry_does() -> None:
    text = (Path(knowledge.__file__).parent / ACTS).read_text("utf-8")
    acts = list(enumerate(parse(text.encode(), ACTS)[0].data["actes"]))  # type: ignore[union-attr]  # it can be read
    for number, act in (*acts[::4], acts[-1]):
        edited = with_phrasing(text, act["id"], "une façon toute neuve", ACTS)
        after = parse(edited.encode(), ACTS)[0]
        assert after is not None
        assert after.data["actes"][number]["variantes"][-1] == "une façon toute neuve"
        assert len(edited.splitlines()) == len(text.splitlines()) + 1
    with pytest.raises(EditError):
        with_phrasing(text, "financement", "une façon toute neuve", ACTS)


def test_lists_between_brackets_change_on_their_line() -> None:
    faq = f"entrees:\n  - id: {ENTRY}\n    variantes: [un, 'deux'] # note\n"
    edited = with_phrasing(faq, ENTRY, "trois")
    assert edited == faq.replace("'deux']", "'deux', \"trois\"]")
    empty = faq.replace("un, 'deux'", "")
    assert with_phrasing(empty, ENTRY, "trois") == empty.replace("[]", '["trois"]')


@pytest.mark.parametrize(
    ("faq", "phrasing", "code"),
    [
        ("entrees:\n  - id: x\n    variantes: [un]\n", "deux", "no_such_entry"),
        ("entrees:\n  - id: argent\n", "deux", "no_such_entry"),
        ("entrees:\n  - id: argent\n    variantes: un\n", "deux", "no_such_entry"),
        ("entrees: rien\n", "deux", "no_such_entry"),
        ("", "deux", "not_editable"),
        ("entrees: [\n", "deux", "open_bracket"),
        ("entrees:\n  - id: &a argent\n    variantes: [un]\n", "deux", "reserved_sign"),
        ("entrees:\n  - id: argent\n    variantes: [un]\n    id: argent\n", "2", "duplicate_key"),
        ("entrees:\n  - id: argent\n    variantes: [un]\n", " ?! ", "blank_phrasing"),
        ("entrees:\n  - id: argent\n    variantes: [un]\n", "a\nb", "phrasing_of_lines"),
        ("entrees:\n  - id: argent\n    variantes: [un]\n", "a\u2028b", "phrasing_of_lines"),
        ("entrees:\n  - id: argent\n    variantes: [un]\n", "a\x07", "phrasing_hidden_character"),
        (
            "entrees:\n  - id: argent\n    variantes: [un]\n",
            "a\u202eb",
            "phrasing_hidden_character",
        ),
        ("entrees:\n  - id: argent\n    variantes: [un]\n", "\ufeffa", "phrasing_hidden_character"),
        ("entrees:\n  - id: argent\n    variantes: [un]\n", "\ud800a", "phrasing_hidden_character"),
        ("entrees:\n  - id: argent\n    variantes: [un]\n", "a" * 501, "too_long"),
        ("entrees:\n  - id: argent\n    variantes: [un]\n", "😀a" * 250, "too_long"),
        ("entrees:\n  - id: argent\n    variantes: [été]\n", "ETE !", "phrasing_there"),
        (
            "entrees:\n  - id: argent\n    variantes: [un]\n  - id: b\n    titre: T\n",
            "t",
            "phrasing_there",
        ),
    ],
)
def test_what_cannot_be_added_is_refused_in_french(faq: str, phrasing: str, code: str) -> None:
    with pytest.raises(EditError) as refused:
        with_phrasing(faq, ENTRY, phrasing)
    assert refused.value.problem.code == code
    assert str(refused.value).endswith(".")


def test_the_first_question_out_of_scope_makes_the_facilitators_voice_at_the_end() -> None:
    # Two voices of the many: to read them all takes a second each time.
    head, *said = (SHIPPED / "formulations.yaml").read_bytes().decode().split("\n  - nom: ")
    voices = "\n  - nom: ".join([head, *said[:2]]) + "\n"
    once = with_out_of_scope(voices, "et la piscine ?")
    assert once.startswith(voices)
    assert data(once)["voix"][:-1] == data(voices)["voix"]
    assert data(once)["voix"][-1] == {
        "nom": VOICE,
        "formulations": {},
        "hors_sujet": ["et la piscine ?"],
    }
    twice = with_out_of_scope(once, "à quelle heure ?")
    assert added_lines(once, twice) == ('      - "à quelle heure ?"',)
    assert data(twice)["voix"][-1]["hors_sujet"] == ["et la piscine ?", "à quelle heure ?"]


@given(
    newline=st.sampled_from(["\n", "\r\n"]),
    final=st.booleans(),
    column=st.sampled_from(["", "  "]),
    last=st.sampled_from(["hors_sujet: []", "hors_sujet: [a, b]", 'hors_sujet:\n{}- "c"']),
    note=st.sampled_from(["", "# fin\n"]),
    questions=st.lists(
        one_line.filter(lambda text: normalise(text) not in {"", *"abc", "sous"}),
        min_size=1,
        max_size=3,
        unique_by=normalise,
    ),
)
def test_questions_out_of_scope_are_added_whatever_the_writing(
    newline: str, final: bool, column: str, last: str, note: str, questions: list[str]
) -> None:
    lines = f"voix:\n{column}- nom: une\n{column}  formulations:\n{column}    argent: [sous]\n"
    text = lines + f"{column}  {last.format(column + '    ')}\n{note}"
    text = (text if final else text.rstrip("\n")).replace("\n", newline)
    first = data(text)["voix"][0]
    for number, question in enumerate(questions):
        before = text
        text = with_out_of_scope(text, question)
        assert len(added_lines(before, text)) == (1 if number else 4)
    assert data(text)["voix"][0] == first
    assert data(text)["voix"][1]["hors_sujet"] == [*map(composed, questions)]
    assert ("\r\n" in text) == (newline == "\r\n")


def test_a_list_of_voices_between_brackets_gains_the_facilitators_voice_on_its_line() -> None:
    edited = with_out_of_scope("voix: [{nom: a}]\n", "piscine ?")
    assert edited.count("\n") == 1
    added = {"nom": VOICE, "formulations": {}, "hors_sujet": ["piscine ?"]}
    assert data(edited, VOICES)["voix"] == [{"nom": "a"}, added]


def test_a_file_of_voices_that_is_not_there_yet_is_made() -> None:
    assert data(with_out_of_scope("", "et la piscine ?")) == {
        "voix": [{"nom": VOICE, "formulations": {}, "hors_sujet": ["et la piscine ?"]}]
    }


@pytest.mark.parametrize(
    ("voices", "question", "code"),
    [
        ("voix:\n  - nom: a\n    hors_sujet: [La Piscine]\n", "la piscine", "out_of_scope_there"),
        ("voix:\n  - nom: a\n    formulations: {b: [piscine]}\n", "Piscine ?", "phrasing_there"),
        ("voix: []\n", "piscine", "not_editable"),
        (f"voix:\n  - nom: {VOICE}\n    hors_sujet: non\n", "piscine", "not_editable"),
        (f"voix:\n  - nom: {VOICE}\n", "piscine", "not_editable"),
        ("voix:\n  - nom: a\n", "a" * 1501, "too_long"),
    ],
)
def test_what_cannot_be_set_out_of_scope_is_refused(voices: str, question: str, code: str) -> None:
    with pytest.raises(EditError) as refused:
        with_out_of_scope(voices, question)
    assert refused.value.problem.code == code


def test_the_lengths_are_those_of_the_schemas() -> None:
    faq = json.loads((SHIPPED / "files" / "schema" / "faq.schema.json").read_text("utf-8"))
    entry = faq["properties"]["entrees"]["items"]["properties"]
    assert entry["variantes"]["items"]["maxLength"] == LONGEST_PHRASING
    voices = json.loads(
        (SHIPPED / "files" / "schema" / "formulations.schema.json").read_text("utf-8")
    )
    voice = voices["properties"]["voix"]["items"]["properties"]
    assert voice["hors_sujet"]["items"]["maxLength"] == LONGEST_QUESTION


def test_added_lines_tells_new_and_changed_ones_alone() -> None:
    assert added_lines("a\nb\nc\n", "a\nb\nc\n") == ()
    assert added_lines("a\nb\nc\n", "a\nx\nb\ny\n") == ("x", "y")
    assert added_lines("", "a\n") == ("a",)
    assert added_lines("a\n", "") == ()
