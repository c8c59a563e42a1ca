"""What programs write into the files: read as YAML reads it, and edited without a change around."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from yaml_files import data_of

from knowledge.curation.removal import OF_AN_ENTRY, closed, hidden, shown, without_entry
from knowledge.curation.yaml_edit import with_out_of_scope, with_phrasing
from knowledge.files.problems import Severity
from knowledge.files.yaml_reader import SafeLoader, parse

FILES: dict[str, str] = data_of(
    Path(__file__).with_name("written_mistakes.yaml").read_text("utf-8")
)["files"]
LONG = (
    "C'est l'aide de l'été dont on m'a parlé à l'atelier : \"celle\" d'ici, l'an dernier # ou non ?"
)
TEXT = f"{LONG}\n\n- d'abord : l'usine\n  titre: 'x'\n\n{LONG} {LONG}\nC'est tout."
VOICES = (
    "voix:\n  - nom: a\n    formulations:\n      talents: ['x y', 'z, t']\n"
    "      territoire: [où]\n    hors_sujet: ['le foot', \"l'été\"]\n"
)
# Words that mean something at the beginning of a line, or of a text, or behind a space.
WORDS = re.split(
    "[ \n]",
    """l'usine d'ici C'est aujourd'hui # note: fin - : "cité" 'simple' «cité» ’typo -- // https://x.fr/a#b
id: titre: reponse: variantes: entrees: 1. 2) * + ? ! % @ ` & | > [a, b] {c d} é œ 😀 PME 50 n°3 – —
… \\ \\n c:/temp -x #tag oui non null ~ 2026-11-23 12:30 a:b \u00a0! \t o""",
)


class Way(NamedTuple):
    """How a program writes: the arguments of ``yaml.dump``, and what is done to its result."""

    style: str | None = None
    width: int = 80
    flow: bool | None = False
    plain: bool = True
    newline: str = "\n"
    mark: str = ""

    def written(self, data: object) -> str:
        """Return data as a program writes them."""
        text = yaml.dump(
            data,
            Dumper=_Indented if self.plain else yaml.SafeDumper,
            default_style=self.style,
            width=self.width,
            default_flow_style=self.flow,
            allow_unicode=self.plain,
            sort_keys=not self.plain,
            line_break=self.newline,
        )
        return self.mark + text


class _Indented(yaml.SafeDumper):
    """Puts the dashes of a list further in than its key, as people do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:  # noqa: ARG002, FBT002 - as its base has it
        return super().increase_indent(flow, indentless=False)


WAYS = [
    Way(style, width, flow, plain, newline, mark)
    for style in (None, '"', "'", "|", ">")
    for width in (40, 80, 4096)
    for flow in (False, None, True)
    for plain, newline, mark in ((True, "\n", ""), (False, "\r\n", "\ufeff"))
]


def said(way: Way) -> str:
    """Return the name of a way in the list of tests."""
    return f"{way.style}-{way.width}-{way.flow}-{'plain' if way.plain else 'escaped'}"


def read_alike(text: str, file: str) -> None:
    """Check that a file has no error, and means what YAML says."""
    document, problems = parse(text.encode(), file)
    assert [one for one in problems if one.severity is Severity.ERROR] == []
    assert document is not None
    assert document.data == yaml.load(text.removeprefix("\ufeff"), Loader=SafeLoader)  # noqa: S506 - a safe one


def contents() -> dict[str, Any]:
    """Return the data of all files, with texts that need quotes, and long ones."""
    data = {file: yaml.load(text, Loader=SafeLoader) for file, text in FILES.items()}  # noqa: S506 - a safe one
    first, second = data["faq.yaml"]["entrees"][:2]
    first["variantes"].insert(1, LONG)
    first["reponse"] = TEXT
    second["brouillon"] = "non"
    return data | {"formulations.yaml": yaml.safe_load(VOICES)}


@pytest.mark.parametrize("way", WAYS, ids=said)
def test_what_a_program_writes_is_read_as_yaml_reads_it(way: Way) -> None:
    for file, data in contents().items():
        read_alike(way.written(data), file)


# A no-break space at an edge is a slip of Word, and told.
texts = (
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=30)
    .map(lambda words: " ".join(words).strip())
    .filter(bool)
)
paragraphs = st.lists(texts, min_size=1, max_size=4).map("\n\n".join)
ways = st.builds(
    Way,
    style=st.sampled_from([None, None, '"', "'", "|", ">"]),
    width=st.sampled_from([80, 120, 4096]),
    flow=st.sampled_from([False, False, None, True]),
    plain=st.booleans(),
    newline=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
)


def between_quotes_of_a_book(text: str) -> bool:
    """Tell a text that stands whole between « and »: they are read as its quotes, and left out."""
    return text[0] in "«’" and text.strip()[-1] in "»’"


@given(
    way=ways,
    entries=st.lists(
        st.fixed_dictionaries(
            {
                "id": st.sampled_from(["un", "deux"]),
                "titre": texts,
                "reponse": paragraphs,
                "variantes": st.lists(texts, min_size=1, max_size=4),
            },
            optional={
                "action": st.just("contact"),
                "en": st.fixed_dictionaries({"question": texts}),
            },
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_whatever_a_text_holds_a_program_writes_it_to_be_read(
    way: Way, entries: list[dict[str, Any]]
) -> None:
    texts = [each for entry in entries for each in (entry["titre"], *entry["variantes"])]
    if not any(map(between_quotes_of_a_book, texts)):
        read_alike(way.written({"entrees": entries}), "faq.yaml")


ITEM = "entrees:\n  - id: un\n"


@pytest.mark.parametrize(
    "faq",
    [
        ITEM + "    titre: 'l''atelier d''ici'\n",
        ITEM + "    titre: 'l''atelier\n      d''ici'\n    action: contact\n",
        ITEM + "    titre: 'l''atelier\n\n      - d''ici\n      titre: là'\n",
        ITEM + '    titre: "une \\"fin\\" \\\\\\\n      et après"\n',
        ITEM + "    reponse: |2\n        en retrait\n      au bord\n    titre: t\n",
        ITEM + "    reponse: |\n      Deux choix\n        - l'un\n        - l'autre\n",
        ITEM + "    reponse: |\n      titre: ce mot est du texte\n    titre: t\n",
        ITEM + "    titre: un texte\n      sans guillemets -- ou // non\n    action: contact\n",
        "---\n" + ITEM + "...\n",
        "%YAML 1.1\n---\n" + ITEM,
        '{"entrees": [\n  {"id": "un", "titre": "l\'été",\n   "variantes": ["a", "b"]}]}\n',
        "entrees:\n-   action: contact\n    id: un\n-   en:\n        titre: t\n    id: deux\n",
        "entrees:\n  - variantes:\n      - a\n    id: un\n  - variantes: [b]\n    id: deux\n",
        ITEM + "    variantes: [\n" + "      'l''un',\n" * 200 + "    ]\n    titre: t\n",
        ITEM + '    titre: "une\\ttabulation\\_!"\n',
        ITEM + "    en: {titre: «cité» ou non, reponse: 'l''été'}\n",
    ],
)
def test_what_is_written_by_hand_and_right_is_read_as_yaml_reads_it(faq: str) -> None:
    read_alike(faq, "faq.yaml")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("- une phrase\n        et sa suite", "joined_line"),
        ("- une phrase // sans note", "note_behind"),
        ("- une phrase -- sans note", "dashes_note"),
    ],
)
def test_what_may_be_right_is_told_and_stays_as_it_is(line: str, code: str) -> None:
    faq = f"{ITEM}    variantes:\n      {line}\n      - autre\n"
    read_alike(faq, "faq.yaml")
    assert [one.code for one in parse(faq.encode(), "faq.yaml")[1]] == [code]


def edits(files: dict[str, str], project: str) -> Iterator[tuple[str, dict[str, str], int]]:
    """Yield what editing from Telegram makes of the files: its name, the files, lines that go."""
    faq, day = "faq.yaml", date(2026, 11, 28)
    of_entry = {file: files[file] for file in OF_AN_ENTRY}
    yield "hidden", hidden(files, faq, "financement"), 1
    yield "hidden again", hidden(files, faq, "talents"), 2
    yield "project hidden", hidden(files, "projets.yaml", project), 1
    yield "closed", closed(files, project, day), 1
    for entry in ("financement", "coordination"):
        yield "phrasing", {faq: with_phrasing(files[faq], entry, "l'aide, c'est « quoi » ?")}, 1
    voices = "formulations.yaml"
    yield "out of scope", {voices: with_out_of_scope(files[voices], "l'heure ?")}, 1
    yield "removed", without_entry(of_entry, "talents"), -1


@pytest.mark.parametrize("way", [way for way in WAYS if way.width == 80], ids=said)
def test_what_a_program_writes_is_edited_and_the_rest_stays_to_the_byte(way: Way) -> None:
    data = contents()
    files = {file: way.written(each) for file, each in data.items()}
    project = data["projets.yaml"]["projets"][0]["id"]
    for name, edited, gone in edits(files, project):
        for file, text in edited.items():
            read_alike(text, file)
            if gone >= 0:
                start, end = same_ends(files[file], text)
                between = files[file][start : len(files[file]) - end]
                assert len(between.splitlines()) <= gone, (name, between)
            else:
                kept = iter(files[file].splitlines())
                new = [line for line in text.splitlines() if line not in kept]
                assert len(new) <= 2 or way.flow is not False, (name, new)
    back = shown(files | hidden(files, "faq.yaml", "financement"), "faq.yaml", "financement")
    assert back["faq.yaml"] == files["faq.yaml"]


def same_ends(before: str, after: str) -> tuple[int, int]:
    """Return how many characters two texts share at their beginnings, and then at their ends."""
    most = min(len(before), len(after))
    start = next((n for n in range(most) if before[n] != after[n]), most)
    left = most - start
    end = next((n for n in range(left) if before[-1 - n] != after[-1 - n]), left)
    return start, end
