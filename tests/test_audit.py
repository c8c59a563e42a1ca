"""The audit of what is installed, against the locks and against what is known."""

from pathlib import Path

import pytest

from requirements import audit

PINNED = "jinja2==3.1.6"
HASHES = "hash=sha256:aa --hash=sha256:bb"


def test_a_lock_is_read_with_what_follows_each_requirement(tmp_path: Path) -> None:
    lock = tmp_path / "some.txt"
    lock.write_text(f"# by hand\n{PINNED} ; python_version < '4' \\\n    --hash=sha256:aa\nidna\n")
    assert list(audit.named([lock])) == [
        (f"{PINNED} ; python_version < '4'", "hash=sha256:aa"),
        ("idna", ""),
    ]


def test_our_own_locks_name_exact_versions_with_their_hashes() -> None:
    locked = dict(audit.named(audit.LOCKS))
    assert len(locked) > 50
    assert audit.unpinned(locked) == []


@pytest.mark.parametrize(
    ("requirement", "options"),
    [
        ("jinja2", HASHES),
        ("jinja2>=3.1", HASHES),
        ("jinja2==3.*", HASHES),
        ("jinja2>=3,==3.1.6", HASHES),
        (PINNED, ""),
        ("", "index-url https://example.org"),
    ],
)
def test_what_is_not_one_file_that_was_looked_at_is_told(requirement: str, options: str) -> None:
    assert audit.unpinned({PINNED: HASHES}) == []
    assert len(audit.unpinned({PINNED: HASHES} | {requirement: options})) == 1


def test_what_no_lock_names_is_told() -> None:
    locked = {PINNED: HASHES, "Typing.Extensions==4.16.0": HASHES}
    here = {"jinja2": "3.1.5", "typing-extensions": "4.16.0", "pip": "26.3", "left-pad": "1.0"}
    assert audit.strangers(locked, here) == [
        "installed, but in no lock: jinja2 3.1.5",
        "installed, but in no lock: left-pad 1.0",
    ]


def test_a_report_is_read_as_weaknesses_and_as_what_nobody_knew() -> None:
    weak = {"id": "PYSEC-1", "fix_versions": ["3.1.7", "3.2"]}
    unmended = {"id": "GHSA-2", "fix_versions": []}
    report = {
        "dependencies": [
            {"name": "jinja2", "version": "3.1.6", "vulns": [weak, unmended]},
            {"name": "idna", "version": "3.20", "vulns": []},
            {"name": "other", "skip_reason": "not found"},
        ]
    }
    assert audit.told(report) == (
        [
            "jinja2 3.1.6: PYSEC-1, mended in 3.1.7, 3.2",
            "jinja2 3.1.6: GHSA-2, mended in no version yet",
        ],
        ["not found"],
    )


def test_weaknesses_fail_the_audit_and_a_service_out_of_reach_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[list[str]] = []
    answers = [{"name": "a", "skip_reason": "no network"}]

    def ask(texts: list[str]) -> dict[str, list[dict[str, object]]]:
        asked.append(texts)
        return {"dependencies": [dict(answer) for answer in answers]}

    monkeypatch.setattr(audit, "ask", ask)
    # What else somebody has installed here is not this test's.
    monkeypatch.setattr(audit, "installed", dict)
    assert audit.main() == 0
    assert "not looked up from here: no network" in capsys.readouterr().out
    assert [len(texts) for texts in asked] == [1]

    weak = {"id": "PYSEC-1", "fix_versions": ["2"]}
    answers[:] = [{"name": "a", "version": "1", "vulns": [weak]}]  # type: ignore[dict-item]
    assert audit.main() == 1
    assert "a 1: PYSEC-1, mended in 2" in capsys.readouterr().out
    assert len(asked[-1]) > 50


def test_who_reaches_nobody_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody listens on the discard port of this machine.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    # A version that no earlier answer can be kept for.
    found, unknown = audit.told(audit.ask(["jinja2==0.0.0.1"]))
    assert not found
    assert unknown
