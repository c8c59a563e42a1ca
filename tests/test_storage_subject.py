"""What is told of: every value comes back from its text, and no other room reads that text."""

import ast
import re
from pathlib import Path

import pytest
from dialogue import inside
from hypothesis import given
from hypothesis import strategies as some
from storage_fixtures import (  # noqa: F401 (fixtures)
    database_url,
    migrated_database,
    rows,
    stopped_clock,
    to_administrators,
)

import storage
from storage.database import Database
from storage.queues.outbox import Audience
from storage.subject import Kind, Subject

ROOT = Path(storage.__file__).parent.parent
IDS = some.integers(min_value=0, max_value=2**63 - 1)
SUBJECTS = some.one_of(
    some.builds(Subject, some.sampled_from(Kind), IDS),
    some.builds(Subject, some.sampled_from([Kind.INTEREST, Kind.HANDOFF]), IDS).map(
        lambda subject: subject.note
    ),
    some.builds(Subject, some.just(Kind.HANDOFF), IDS, message_id=IDS),
)
NEARLY = some.from_regex(r"(interest|handoff|gap):[0-9]{1,25}(:([0-9]{1,25}|note|x))?\n?")


@given(SUBJECTS)
def test_what_is_packed_comes_back_and_fits_its_column(subject: Subject) -> None:
    assert Subject.parse(subject.pack()) == subject
    assert len(subject.pack()) <= 64


@given(some.text() | NEARLY)
def test_any_text_is_nothing_or_exactly_what_was_packed(text: str) -> None:
    subject = Subject.parse(text)
    assert subject is None or subject.pack() == text


def test_a_number_beyond_any_id_is_no_subject() -> None:
    assert Subject.parse(f"handoff:{2**63 - 1}") == Subject(Kind.HANDOFF, 2**63 - 1)
    assert Subject.parse(f"handoff:{2**63}") is None
    assert Subject.parse(f"handoff:1:{2**63}") is None


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("interest:12", Subject(Kind.INTEREST, 12)),
        ("interest:12:note", Subject(Kind.INTEREST, 12, is_note=True)),
        ("handoff:7", Subject(Kind.HANDOFF, 7)),
        ("handoff:7:12", Subject(Kind.HANDOFF, 7, message_id=12)),
        ("handoff:7:note", Subject(Kind.HANDOFF, 7, is_note=True)),
        ("gap:3", Subject(Kind.GAP, 3)),
    ],
)
def test_the_texts_of_the_first_version_mean_the_same(text: str, subject: Subject) -> None:
    assert Subject.parse(text) == subject
    assert subject.pack() == text


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "report:1",
        "handoff:7:x",
        "handoff:",
        "interest:1:2",
        "gap:1:note",
        "gap:01",
        "gap:٣",
    ],
)
def test_anything_else_is_none(text: str | None) -> None:
    assert Subject.parse(text) is None


@pytest.mark.parametrize(
    ("kind", "message_id", "is_note"),
    [
        (Kind.INTEREST, 1, False),
        (Kind.HANDOFF, 1, True),
        (Kind.GAP, 1, False),
        (Kind.GAP, None, True),
    ],
)
def test_a_part_that_a_kind_does_not_have_is_refused(
    kind: Kind, message_id: int | None, is_note: bool
) -> None:
    with pytest.raises(ValueError, match="no such part"):
        Subject(kind, 1, message_id, is_note)


async def test_a_row_of_another_version_is_sent_and_leaves_its_trace(database: Database) -> None:
    async with database.begin() as work:
        number = await work.outbox.add(to_administrators(about=Subject(Kind.GAP, 1)))
    async with inside(database, "engine").begin() as connection:
        await connection.exec_driver_sql("UPDATE outbox SET about = 'report:1'")
    async with database.begin() as work:
        (pending,) = await work.outbox.claim("here", [], 10, frozenset(Audience))
        assert (pending.about, pending.leaves_trace) == (None, True)
        assert await work.outbox.sent(number, -100, 5)
    (row,) = await rows(database, "outbox")
    assert (row["about"], row["state"], row["message_id"]) == ("report:1", "sent", 5)


READS = {"startswith", "endswith", "partition", "split", "like", "match", "fullmatch"}
PREFIXES = tuple(f"{kind}:" for kind in Kind)


def misuses(source: str) -> list[int]:
    """Return the lines that write the text of a subject, or take one apart, by themselves."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.expr) and (_writes(node) or _reads(node))
    ]


def _writes(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr) and len(node.values) > 1:
        # A kind, or a whole text, followed by more.
        return bool(
            re.match(r"f'\{(Kind|ABOUT|\w+\.kind|\w*about\w*|[\w.]+\.pack\(\))", ast.unparse(node))
        )
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, str) and value.startswith(PREFIXES)


def _reads(node: ast.expr) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    read = [node.func.value, *node.args]
    return node.func.attr in READS and any(
        isinstance(one, ast.Attribute) and one.attr == "about" for one in read
    )


@pytest.mark.parametrize(
    "source",
    [
        'f"gap:{gap.id}"',
        '"interest:12"',
        'f"{ABOUT}{one}"',
        'f"{Kind.GAP}:{one}"',
        'f"{one.about.pack()}:%"',
        'item.about.startswith("x")',
        "outbox.c.about.like(name)",
        "_NOTE.fullmatch(item.about)",
    ],
)
def test_the_search_for_such_texts_finds_them(source: str) -> None:
    assert set(misuses(source)) == {1}


def test_no_other_room_writes_or_reads_the_text_of_a_subject() -> None:
    module, migrations = ROOT / "storage/subject.py", ROOT / "storage/migrations"
    offenders = [
        f"{path.relative_to(ROOT)}:{line}"
        for house in ("bot", "handlers", "knowledge", "storage")
        for path in sorted((ROOT / house).rglob("*.py"))
        if path != module and migrations not in path.parents
        for line in misuses(path.read_text("utf-8"))
    ]
    assert offenders == []
