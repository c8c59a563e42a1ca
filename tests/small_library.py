"""A small folder of knowledge, quick to learn, and a bot that serves it."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from dialogue import TIMEOUT_SECONDS, Speaker, Stage
from knowledge_fixtures import ACTS, PROJECTS

from bot.content.library import Library
from bot.preview.server import PreviewServer
from knowledge.loading import Compiling
from knowledge.ranking.model_store import ModelStore
from storage.engine.schema import publications
from storage.records.change_requests import ChangeState

FAQ = """\
# Les réponses du bot.
entrees:
  - id: definition
    question: "Qu'est-ce que Territoires d'industrie ?"
    titre: "Le programme"
    reponse: "Un programme national."
    variantes:
      - "c'est quoi territoires d'industrie"
      - "que veut dire territoires d'industrie"
      - "à quoi sert ce programme"
    source: "Table ronde"
    verifie_le: 2026-11-01
  # Le partage de machines.
  - id: mutualisation
    question: "Peut-on partager une machine ?"
    titre: "Partager une machine"
    reponse: "Oui, entre voisins."
    variantes:
      - "partager une machine avec un voisin"
      - "mutualiser un équipement"
      - "prêter un banc d'essai"
    source: "Table ronde"
    verifie_le: 2026-11-01
  - id: talents
    question: "Comment trouver des salariés ?"
    titre: "Trouver des salariés"
    reponse: "Avec les écoles."
    variantes:
      - "recruter un soudeur"
      - "embaucher des apprentis"
      - "trouver du personnel qualifié"
    source: "Table ronde"
    verifie_le: 2026-11-01
"""
CHANGED = FAQ.replace("Oui, entre voisins.", "Oui, et sans frais.")
BROKEN = FAQ.replace("titre: ", "tire: ")
QUESTIONS = """\
questions:
  - question: "embaucher des apprentis"
    attendu: [talents]
  - question: "quelle heure est-il à tokyo"
    attendu: []
"""


def small_folder(folder: Path) -> Path:
    """Write the files."""
    folder.mkdir(parents=True)
    contents = {"faq": FAQ, "projets": PROJECTS, "actes": ACTS, "questions": QUESTIONS}
    for name, content in contents.items():
        (folder / f"{name}.yaml").write_text(content, "utf-8")
    return folder


def library_of(folder: Path, store: ModelStore | None = None) -> Library:
    """Return the folder, matched by letters; without a store, learnt anew each time."""
    compiling = Compiling(store=store or ModelStore(None))
    return Library(folder, fictitious=False, compiling=lambda: compiling)


@asynccontextmanager
async def staged_library(
    library: Library, database: Path, server: PreviewServer | None = None
) -> AsyncIterator[Stage]:
    """Give a stage whose bot serves a library, and watches it."""
    ours = server or PreviewServer()
    if server is None:
        await ours.start()
    stage = Stage(ours, library.load(), database, library=library)
    stage.overrides = {"knowledge_dir": library.directory, "semantic_matching": False}
    with pytest.MonkeyPatch.context() as patch:
        # What is asked for is taken up at once: nobody here waits for the next look.
        patch.setattr("bot.content.publisher.EVERY_SECONDS", 0.02)
        await stage.starts()
        try:
            yield stage
        finally:
            if stage.service:
                await stage.stops()
            if server is None:
                await ours.stop()


@pytest.fixture(name="folder")
def folder_of_a_test(tmp_path: Path) -> Path:
    """The files, in a folder of the test's own."""
    return small_folder(tmp_path / "knowledge")


@pytest.fixture(name="stage")
async def stage_of_a_test(
    folder: Path, tmp_path: Path, models: ModelStore, blank_file: Path
) -> AsyncIterator[Stage]:
    """A bot that serves that folder; fails where a handler failed."""
    shutil.copy(blank_file, tmp_path / "bot.db")
    async with staged_library(library_of(folder, models), tmp_path / "bot.db") as stage:
        yield stage
        if stage.service:
            assert await stage.inbox_count("aside") == 0, "a handler failed"


@pytest.fixture(name="facilitator")
def first_facilitator(stage: Stage) -> Speaker:
    """One of the facilitators, in their group."""
    return stage.member(stage.messenger.facilitators)


async def until(stage: Stage, condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not condition():
            await stage.messenger.changed_or(0.01)


async def works(stage: Stage) -> None:
    """Wait until nothing is left to examine or to publish, and all of it is told."""
    await stage.settles()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while await stage.rows(publications.select().where(_IS_WORK)):
            await stage.messenger.changed_or(0.01)
    await stage.settles()


_IS_WORK = publications.c.state.in_([ChangeState.ASKED, ChangeState.WANTED])


async def sends_back(
    who: Speaker, text: str, name: str = "faq.yaml", *, caption: str = "/faq"
) -> None:
    """Send a file, and wait for what comes of it."""
    await who.sends("document", file=(name, text.encode()), caption=caption)
    await works(who.stage)


async def decides(who: Speaker, label: str) -> None:
    """Tap a button, and wait for what comes of it."""
    await who.taps(label)
    await works(who.stage)
