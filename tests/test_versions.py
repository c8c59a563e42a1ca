"""Files put in place of others: examined, replaced at once, kept, found again, whatever happens."""

import stat
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from knowledge_fixtures import ACTS, PROJECTS

import knowledge.file_set
from knowledge.curation.versions import (
    PUBLISHABLE,
    BaseChangedError,
    Candidate,
    content_of,
    examine,
    publish,
    version_sets,
    versions,
)
from knowledge.file_set import HISTORY, alone, content_at, fingerprint, finish, replace_all
from knowledge.files.problems import Severity
from knowledge.files.yaml_reader import LARGEST_BYTES
from knowledge.knowledge import Knowledge
from knowledge.loading import Compiling, load

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 10, 15, 2, tzinfo=UTC)
FAQ = """\
entrees:
  - id: financement
    question: "Comment financer ?"
    titre: "Le financement"
    reponse: "Pas directement."
    variantes: ["ya des sous ?"]
    source: "Table ronde"
    verifie_le: 2026-11-23
  - id: talents
    question: "Et les talents ?"
    titre: "Les talents"
    reponse: "Des partenariats."
    variantes: ["des bras pour l'atelier"]
    source: "Table ronde"
    verifie_le: 2026-11-23
"""
QUESTIONS = """\
questions:
  - {question: "ya des sous", attendu: [financement]}
  - {question: "et la piscine", attendu: []}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small folder without a fault."""
    for name, text in {
        "faq": FAQ,
        "projets": PROJECTS,
        "actes": ACTS,
        "questions": QUESTIONS,
    }.items():
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    return tmp_path


@pytest.fixture
def current(folder: Path) -> Knowledge:
    """What is in service."""
    return load(folder)


def examined(folder: Path, current: Knowledge, content: str, file: str = "faq.yaml") -> Candidate:
    """Examine a text as a facilitator would have sent it."""
    return examine(
        folder,
        {file: content.encode()},
        current,
        compiling=Compiling(),
        fictitious=False,
        today=TODAY,
    )


def put(folder: Path, text: str, file: str = "faq.yaml", minutes: int = 0) -> str:
    """Publish a text over whatever is there; return the id of what it replaced."""
    base = fingerprint((folder / file).read_bytes())
    at = NOW + timedelta(minutes=minutes)
    return publish(folder, {file: text.encode()}, bases={file: base}, now=at).id


def test_a_right_file_is_shown_with_what_it_changes(folder: Path, current: Knowledge) -> None:
    candidate = examined(folder, current, FAQ.replace("Pas directement.", "Par la région."))
    assert [one.code for one in candidate.problems] == ["idle_question"]
    assert [(one.id, one.after) for one in candidate.changes] == [("financement", "Par la région.")]
    assert candidate.regressions == ()
    assert candidate.bases == {"faq.yaml": fingerprint(FAQ.encode())}
    assert candidate.knowledge is not None
    entry = candidate.knowledge.entry("financement")
    assert entry is not None
    assert entry.answer == "Par la région."
    assert (folder / "faq.yaml").read_text("utf-8") == FAQ
    assert not (folder / HISTORY).exists()


def test_a_question_that_would_go_wrong_is_told(folder: Path, current: Knowledge) -> None:
    moved = FAQ.replace('["ya des sous ?"]', '["autre chose"]')
    moved = moved.replace('["des bras', '["ya des sous ?", "des bras')
    candidate = examined(folder, current, moved)
    assert candidate.knowledge is not None
    (worse,) = candidate.regressions
    assert worse.expectation.question == "ya des sous"
    assert worse.shown == ("talents",)


# Faults that keep nothing from service, of most kinds: a date, phrasings, control questions.
STOOD = FAQ.replace(
    '["ya des sous ?"]', '["ya des sous ?", "un prêt", "un prêt"]\n    valable_jusqu_au: 2026-11-24'
)
WRONG = '  - {question: "ya des sous svp", attendu: [talents]}\n'


def faulty(folder: Path) -> Knowledge:
    """Put files with warnings in service."""
    (folder / "faq.yaml").write_text(STOOD, "utf-8")
    (folder / "questions.yaml").write_text(f"{QUESTIONS}{WRONG}", "utf-8")
    return load(folder)


@pytest.mark.parametrize("file", ["faq.yaml", "questions.yaml", "projets.yaml", "actes.yaml"])
def test_what_was_to_mend_before_stands_wherever_it_moves(folder: Path, file: str) -> None:
    current = faulty(folder)
    moved = f"# Une note au-dessus.\n\n{(folder / file).read_text('utf-8')}"
    candidate = examined(folder, current, moved, file)
    assert candidate.stood == candidate.problems
    codes = {each.code for each in candidate.stood}
    assert codes == {"soon_date", "repeated_phrasing", "idle_question", "wrong_question"}


@pytest.mark.parametrize(
    ("before", "after", "file", "brought"),
    [
        ("Pas directement", "Par la région", "faq.yaml", []),
        ('["des bras', '["un bras", "un bras", "des bras', "faq.yaml", ["repeated_phrasing"]),
        ('"un prêt"]', '"un prêt", "un prêt"]', "faq.yaml", ["repeated_phrasing"]),
        ("2026-11-24", "2026-11-25", "faq.yaml", ["soon_date"]),
        (WRONG, WRONG + WRONG.replace("svp", "merci"), "questions.yaml", ["wrong_question"]),
        (WRONG, WRONG.replace("talents", ""), "questions.yaml", ["wrong_question"]),
        (WRONG, "", "questions.yaml", []),
    ],
)
def test_what_a_change_brings_is_told_apart_from_what_stood(
    folder: Path, before: str, after: str, file: str, brought: list[str]
) -> None:
    current = faulty(folder)
    text = (folder / file).read_text("utf-8")
    assert before in text
    candidate = examined(folder, current, text.replace(before, after), file)
    stood = set(map(id, candidate.stood))
    assert [each.code for each in candidate.problems if id(each) not in stood] == brought


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (FAQ.replace("titre:", "titres:", 1), "unknown_key"),
        (FAQ.replace("Pas directement.", "<b>Pas"), "bad_html"),
        ("entrees: [", "open_bracket"),
        ("", "empty"),
        ("entrees: !!python/object:os.system {}\n", "reserved_sign"),
        ("a: &a [x]\nb: [*a, *a]\n", "alias"),
        ("x" * (LARGEST_BYTES + 1), "too_large"),
    ],
)
def test_a_wrong_file_is_refused_with_everything_wrong(
    folder: Path, current: Knowledge, content: str, code: str
) -> None:
    candidate = examined(folder, current, content)
    assert candidate.knowledge is None
    assert code in {one.code for one in candidate.problems}
    assert any(one.severity is Severity.ERROR for one in candidate.problems)
    assert candidate.regressions == ()


def test_what_no_longer_fits_the_other_files_is_refused(folder: Path, current: Knowledge) -> None:
    voices = "voix:\n  - {nom: a, formulations: {talents: [des gars]}, hors_sujet: []}\n"
    (folder / "formulations.yaml").write_text(voices, "utf-8")
    candidate = examined(folder, current, FAQ[: FAQ.index("  - id: talents")])
    assert candidate.knowledge is None
    (refusal,) = [one for one in candidate.problems if one.severity is Severity.ERROR]
    assert (refusal.file, refusal.code) == ("formulations.yaml", "unknown_entry")


def test_a_file_that_is_not_there_yet_can_be_sent(folder: Path, current: Knowledge) -> None:
    lexicon = "abreviations: {}\nidees: {argent: [sous]}\nlieux: []\n"
    candidate = examined(folder, current, lexicon, "lexique.yaml")
    assert candidate.knowledge is not None
    assert candidate.bases == {"lexique.yaml": fingerprint(b"")}
    content = candidate.contents["lexique.yaml"]
    publish(folder, {"lexique.yaml": content}, bases=candidate.bases, now=NOW)
    assert (folder / "lexique.yaml").read_bytes() == content


def test_what_comes_in_another_encoding_is_refused(folder: Path, current: Knowledge) -> None:
    content = FAQ.replace("Pas", "Très").encode("latin-1")
    candidate = examine(
        folder, {"faq.yaml": content}, current, compiling=Compiling(), fictitious=False, today=TODAY
    )
    assert [one.code for one in candidate.problems] == ["windows_encoding"]


@pytest.mark.parametrize("file", ["../faq.yaml", "problems.yaml", "fictifs/projets.yaml", ""])
def test_only_the_facilitators_files_can_be_replaced(
    folder: Path, current: Knowledge, file: str
) -> None:
    with pytest.raises(ValueError, match="not a file"):
        examined(folder, current, FAQ, file)
    with pytest.raises(ValueError, match="not a file"):
        publish(folder, {file: b"x"}, bases={file: fingerprint(b"")}, now=NOW)


def test_the_former_content_is_kept_with_its_moment_byte_for_byte(folder: Path) -> None:
    windows = "\ufeff" + FAQ.replace("\n", "\r\n")
    (folder / "faq.yaml").write_bytes(windows.encode())
    paris = NOW.astimezone(timezone(timedelta(hours=1)))
    base = fingerprint(windows.encode())
    kept = publish(folder, {"faq.yaml": FAQ.encode()}, bases={"faq.yaml": base}, now=paris)
    (version,) = kept.versions
    assert version.id == "2026-11-23T101502-faq"
    assert (version.file, version.at) == ("faq.yaml", NOW)
    assert version.sha == base
    assert content_of(folder, version.id) == windows.encode()
    assert (folder / "faq.yaml").read_bytes() == FAQ.encode()
    assert versions(folder) == (version,)


def test_the_second_of_two_facilitators_is_told_that_the_base_changed(folder: Path) -> None:
    base = fingerprint(FAQ.encode())
    publish(folder, {"faq.yaml": b"premier"}, bases={"faq.yaml": base}, now=NOW)
    with pytest.raises(BaseChangedError):
        publish(folder, {"faq.yaml": b"second"}, bases={"faq.yaml": base}, now=NOW)
    assert (folder / "faq.yaml").read_bytes() == b"premier"
    assert len(versions(folder)) == 1


def test_of_many_at_the_same_time_one_wins(folder: Path) -> None:
    base, lost = fingerprint(FAQ.encode()), []
    start = threading.Barrier(8)

    def race(number: int) -> None:
        start.wait()
        try:
            publish(folder, {"faq.yaml": str(number).encode()}, bases={"faq.yaml": base}, now=NOW)
        except BaseChangedError:
            lost.append(number)

    runners = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    assert len(lost) == 7
    assert len(versions(folder)) == 1
    winner = int((folder / "faq.yaml").read_text("utf-8"))
    assert sorted([*lost, winner]) == list(range(8))


def test_versions_are_listed_newest_first_and_one_leads_back(folder: Path) -> None:
    first = put(folder, "deux")
    second = put(folder, "trois", minutes=5)
    other = put(folder, "autre", "projets.yaml", minutes=2)
    assert [one.id for one in versions(folder)] == [second, other, first]
    assert [one.id for one in versions(folder, "faq.yaml")] == [second, first]
    back = put(folder, content_of(folder, first).decode(), minutes=9)
    assert (folder / "faq.yaml").read_text("utf-8") == FAQ
    assert content_of(folder, back) == b"trois"


def test_within_one_second_each_version_has_its_own_id_in_order(folder: Path) -> None:
    ids = [put(folder, f"contenu {number}") for number in range(12)]
    assert len(set(ids)) == 12
    assert [one.id for one in versions(folder)] == ids[::-1]
    kept = [content_of(folder, one).decode() for one in ids]
    assert kept == [FAQ, *(f"contenu {number}" for number in range(11))]


@pytest.mark.parametrize(
    "version_id",
    ["", ".", "..", "../faq", "2026-11-23T101502-../faq", "/etc/passwd", "2026-11-23T101502-faq\n",
     "2026-11-23T101502-faq/../../faq", "2026-11-23T101502-talk"],
)  # fmt: skip
def test_no_id_leads_out_of_the_history(folder: Path, version_id: str) -> None:
    put(folder, "deux")
    with pytest.raises(LookupError):
        content_of(folder, version_id)


@settings(max_examples=50)
@given(version_id=st.text(max_size=40))
def test_an_id_that_was_not_given_is_unknown(
    tmp_path_factory: pytest.TempPathFactory, version_id: str
) -> None:
    with pytest.raises(LookupError):
        content_of(tmp_path_factory.getbasetemp(), version_id)


def test_strangers_in_the_history_are_passed_over(folder: Path) -> None:
    kept = put(folder, "deux")
    history = folder / HISTORY
    (history / "notes.yaml").write_text("x", "utf-8")
    (history / "2026-99-99T101502-faq.yaml").write_text("x", "utf-8")
    (history / "2026-11-23T101502-problems.yaml").write_text("x", "utf-8")
    (history / ".2026.part").write_text("x", "utf-8")
    (history / f"{kept}.json").write_text("[1]", "utf-8")
    (version,) = versions(folder)
    assert (version.id, version.sha) == (kept, fingerprint(FAQ.encode()))
    assert versions(folder / "ailleurs") == ()


def test_rights_and_links_stay_as_they_were(folder: Path, tmp_path: Path) -> None:
    real = tmp_path / "ailleurs"
    real.mkdir()
    (folder / "faq.yaml").rename(real / "faq.yaml")
    (real / "faq.yaml").chmod(0o640)
    (folder / "faq.yaml").symlink_to(real / "faq.yaml")
    put(folder, "deux")
    assert (folder / "faq.yaml").is_symlink()
    assert (real / "faq.yaml").read_text("utf-8") == "deux"
    assert stat.S_IMODE((real / "faq.yaml").stat().st_mode) == 0o640


CRASH = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from knowledge.curation.versions import publish
from knowledge.file_set import fingerprint

folder, moment = Path(sys.argv[1]), 0
while True:
    moment += 1
    place = folder / str(moment)
    place.mkdir()
    (place / "faq.yaml").write_bytes(b"ancien")
    child = os.fork()
    if child == 0:
        left = moment
        def crash(event, arguments):
            global left
            if event in {"open", "os.rename", "os.chmod", "os.mkdir", "fcntl.flock", "os.remove"}:
                left -= 1
                if left == 0:
                    os._exit(9)
        sys.addaudithook(crash)
        publish(place, {"faq.yaml": b"nouveau"}, bases={"faq.yaml": fingerprint(b"ancien")},
                now=datetime(2026, 11, 23, tzinfo=UTC))
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        break
print(moment)
"""


def test_a_crash_at_any_moment_leaves_the_old_or_the_new_and_never_loses_the_old(
    tmp_path: Path,
) -> None:
    told = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", CRASH, str(tmp_path)], check=True, capture_output=True, text=True
    )
    moments = int(told.stdout)
    assert moments > 8
    for moment in range(1, moments + 1):
        place = tmp_path / str(moment)
        now = (place / "faq.yaml").read_bytes()
        kept = [content_of(place, version.id) for version in versions(place)]
        assert now in {b"ancien", b"nouveau"}
        assert now == b"ancien" or kept == [b"ancien"]
        # Whoever comes next is not held up by what was left behind.
        publish(place, {"faq.yaml": b"apres"}, bases={"faq.yaml": fingerprint(now)}, now=NOW)
        assert (place / "faq.yaml").read_bytes() == b"apres"
    assert (tmp_path / str(moments) / "faq.yaml").exists()


def test_a_failure_to_write_changes_nothing_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="no space"):
        put(folder, "deux")
    assert (folder / "faq.yaml").read_text("utf-8") == FAQ
    assert versions(folder) == ()
    assert [path.name for path in folder.rglob("*.part")] == []


def test_each_publishable_file_is_named_by_an_id(folder: Path) -> None:
    for file in PUBLISHABLE:
        (folder / file).touch()
        version = put(folder, "texte", file)
        assert version == f"2026-11-23T101502-{Path(file).stem}"
        assert content_of(folder, version) is not None


CRASH_OF_TWO = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from knowledge.curation.versions import publish
from knowledge.file_set import fingerprint

folder, moment = Path(sys.argv[1]), 0
names = ("faq.yaml", "formulations.yaml", "questions.yaml")
while True:
    moment += 1
    place = folder / str(moment)
    place.mkdir()
    for name in names:
        (place / name).write_bytes(b"ancien " + name.encode())
    child = os.fork()
    if child == 0:
        left = moment
        def crash(event, arguments):
            global left
            if event in {"open", "os.rename", "os.chmod", "os.mkdir", "fcntl.flock", "os.remove"}:
                left -= 1
                if left == 0:
                    os._exit(9)
        sys.addaudithook(crash)
        publish(place, {name: b"nouveau " + name.encode() for name in names},
                bases={name: fingerprint(b"ancien " + name.encode()) for name in names},
                now=datetime(2026, 11, 23, tzinfo=UTC))
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        break
print(moment)
"""
TOGETHER = ("faq.yaml", "formulations.yaml", "questions.yaml")


def test_of_several_files_a_crash_leaves_no_halves(tmp_path: Path) -> None:
    told = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", CRASH_OF_TWO, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
    )
    moments = int(told.stdout)
    assert moments > 20
    seen = set()
    for moment in range(1, moments + 1):
        place = tmp_path / str(moment)
        halves = {(place / name).read_bytes().split()[0] for name in TOGETHER}
        seen.add(len(halves))
        # Whoever reads next finishes it.
        finish(place)
        (state,) = {(place / name).read_bytes().split()[0] for name in TOGETHER}
        newest = version_sets(place)[:1]
        kept = [content_of(place, one.id) for each in newest for one in each.versions]
        assert state == b"ancien" or kept == [f"ancien {name}".encode() for name in TOGETHER]
        assert not list((place / HISTORY).glob(".publication*"))
    assert seen == {1, 2}, "no crash fell between two files: the test shows nothing"


def test_a_reader_of_a_folder_finishes_what_was_cut_short(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = FAQ.replace("Pas directement.", "Oui.")
    put_together = {"faq.yaml": changed.encode(), "questions.yaml": b"questions: []\n"}
    real = knowledge.file_set.write

    def stop_at_the_second(path: Path, content: bytes) -> None:
        if path == folder / "questions.yaml":
            raise KeyboardInterrupt
        real(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(knowledge.file_set, "write", stop_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            publish(folder, put_together, bases=bases_of(folder, put_together), now=NOW)
    assert (folder / "questions.yaml").read_text("utf-8") == QUESTIONS
    assert load(folder).entries[0].answer == "Oui."
    assert (folder / "questions.yaml").read_bytes() == b"questions: []\n"


def test_where_one_file_cannot_be_written_none_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = {"faq.yaml": b"nouveau", "lexique.yaml": b"nouveau", "questions.yaml": b"nouveau"}
    real = knowledge.file_set.write

    def full(path: Path, content: bytes) -> None:
        if path == folder / "questions.yaml":
            raise OSError(28, "No space left on device")
        real(path, content)

    monkeypatch.setattr(knowledge.file_set, "write", full)
    with pytest.raises(OSError, match="No space"):
        publish(folder, together, bases=bases_of(folder, together), now=NOW)
    assert (folder / "faq.yaml").read_text("utf-8") == FAQ
    assert not (folder / "lexique.yaml").exists()
    finish(folder)
    assert (folder / "questions.yaml").read_text("utf-8") == QUESTIONS


def test_what_was_published_together_is_one_set_and_one_stale_file_stops_all(
    folder: Path,
) -> None:
    together = {"questions.yaml": b"questions: []\n", "faq.yaml": b"nouveau"}
    bases = bases_of(folder, together)
    kept = publish(folder, together, bases=bases, now=NOW)
    assert kept.files == ("faq.yaml", "questions.yaml")
    put(folder, "encore", minutes=1)
    assert [each.files for each in version_sets(folder)] == [
        ("faq.yaml",),
        ("faq.yaml", "questions.yaml"),
    ]
    assert version_sets(folder)[1] == kept
    with pytest.raises(BaseChangedError):
        publish(folder, {**together, "questions.yaml": b"x"}, bases=bases, now=NOW)
    assert (folder / "questions.yaml").read_bytes() == b"questions: []\n"


def bases_of(folder: Path, contents: dict[str, bytes]) -> dict[str, str]:
    return {file: fingerprint(content_at(folder / file)) for file in contents}


def test_files_of_one_name_in_two_folders_are_finished_each_as_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = [tmp_path / "one" / "faq.yaml", tmp_path / "other" / "faq.yaml"]
    for target in targets:
        target.parent.mkdir()
        target.write_bytes(b"ancien")
    with monkeypatch.context() as patch:
        interrupted_at(patch, targets[0])
        with alone(tmp_path) as history, pytest.raises(KeyboardInterrupt):
            replace_all(history, {targets[0]: b"nouveau 1", targets[1]: b"nouveau 2"})
    finish(tmp_path)
    assert [target.read_bytes() for target in targets] == [b"nouveau 1", b"nouveau 2"]


def test_a_journal_that_cannot_be_read_now_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = {"faq.yaml": b"nouveau", "questions.yaml": b"questions: []\n"}
    with monkeypatch.context() as patch:
        interrupted_at(patch, folder / "questions.yaml")
        with pytest.raises(KeyboardInterrupt):
            publish(folder, together, bases=bases_of(folder, together), now=NOW)

    def unreadable(path: Path, *_: object) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", unreadable)
        with pytest.raises(PermissionError):
            finish(folder)
    finish(folder)
    assert (folder / "questions.yaml").read_bytes() == b"questions: []\n"


def interrupted_at(patch: pytest.MonkeyPatch, at: Path) -> None:
    """Let the process stop where it would write this file."""
    real = knowledge.file_set.write

    def stop(path: Path, content: bytes) -> None:
        if path == at:
            raise KeyboardInterrupt
        real(path, content)

    patch.setattr(knowledge.file_set, "write", stop)
