"""The folder of knowledge as this process serves it: read, put in service at once, then learnt."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.content import last_served
from bot.runtime import json_text
from handlers.core.services import Services
from knowledge.atomic_write import clear_way
from knowledge.files.problems import KnowledgeError, Severity
from knowledge.files.yaml_reader import Document
from knowledge.knowledge import Knowledge
from knowledge.loading import (
    ACTS,
    FAQ,
    FICTITIOUS,
    LEXICON,
    PROJECTS,
    VOICES,
    Compiling,
    build,
    from_data,
    material_in,
    read_files,
)
from knowledge.ranking.former_ranker import PreviousRanker

logger = logging.getLogger(__name__)
_FILES = (FAQ, PROJECTS, ACTS, VOICES, LEXICON)

Documents = dict[str, Document]
# For each file its inode, size in bytes and modification time in nanoseconds; None where the file
# is missing.
Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """Knowledge to put in service; where not ``is_learnt``, it uses the previous ranker."""

    knowledge: Knowledge
    is_learnt: bool


def put_in_service(knowledge: Knowledge, services: Services) -> None:
    """Answer from this knowledge from now on: one assignment, so no answer mixes two versions."""
    services.knowledge = knowledge


class Library:
    """One folder. Every method may be slow (files, calculations): call them in threads."""

    def __init__(
        self,
        directory: Path,
        *,
        fictitious: bool,
        compiling: Callable[[], Compiling],
        kept: Path | None = None,
    ) -> None:
        """Open a folder; the file ``kept`` stores what was last in service."""
        self.directory = directory
        self._kept = kept
        self.fictitious = fictitious
        self._make_compiling = compiling
        self._compiling: Compiling | None = None
        self._one_at_a_time = threading.Lock()

    def compiling(self) -> Compiling:
        """Return how questions are understood, created once: an encoder needs much memory."""
        with self._one_at_a_time:
            if self._compiling is None:
                self._compiling = self._make_compiling()
            return self._compiling

    def read(self) -> Documents:
        """Read the folder; KnowledgeError with every problem that prevents its use.

        Files that are replaced meanwhile are read once more: they belong together.
        """
        stamp = self.stamp()
        files = read_files(self.directory, fictitious=self.fictitious)
        if self.stamp() != stamp:
            files = read_files(self.directory, fictitious=self.fictitious)
        errors = tuple(problem for problem in files.problems if problem.severity is Severity.ERROR)
        if errors:
            raise KnowledgeError(errors)
        return files.documents

    def at_once(self, documents: Documents, former: Knowledge) -> Served:
        """Return knowledge with new texts; with the previous ranker where learning takes seconds.

        Exact phrasings of the new files are already matched, and projects found.
        """
        compiling = self.compiling()
        if former.ranker is not None and not compiling.knows(documents):
            ranker = PreviousRanker(former.ranker, material_in(documents).ids)
            if ranker.knows_any():
                return Served(build(documents, compiling, ranker), is_learnt=False)
        return Served(build(documents, compiling), is_learnt=True)

    def learn(self, documents: Documents) -> Knowledge:
        """Compile; takes seconds where these texts were never learnt before."""
        compiling = self.compiling()
        if compiling.encoder is not None:
            # Encoded before the build, so that the memory for loading the weights is free again by
            # then.
            compiling.encoder.encode([" "])
        return build(documents, compiling)

    def keep(self, documents: Documents) -> None:
        """Save the files in service, for a start when the folder cannot be used."""
        if self._kept is None:
            return
        try:
            if clear_way(self._kept):
                logger.warning("the cache was spoilt: what is in service is kept anew")
            last_served.keep(self._kept, self.directory, documents)
            last_served.forget_others(self._kept)
        except OSError as error:
            logger.warning("what is in service cannot be kept: %s", type(error).__name__)

    def fall_back(self) -> tuple[Documents, datetime] | None:
        """Return what was last in service and since when; None where nothing usable was saved."""
        if self._kept is None or not self._kept.exists():
            return None
        try:
            since = datetime.fromtimestamp(self._kept.stat().st_mtime, UTC)
            content = self._kept.read_bytes().decode("utf-8", "surrogatepass")
            documents = from_data(dict(json_text.read(content)))
        except (OSError, ValueError, TypeError, KnowledgeError) as error:
            logger.warning("what was in service cannot be used: %s", type(error).__name__)
            return None
        return documents, since

    def load(self) -> Knowledge:
        """Read and compile the folder; KnowledgeError as for ``read``."""
        return self.learn(self.read())

    def stamp(self) -> Stamp:
        """Return a value that changes when a file is written or replaced, or its link moved."""
        return tuple(map(_stamp, self._paths()))

    def places(self) -> frozenset[Path]:
        """Return the folders to watch: ours, and those that symbolic links of ours lead to."""
        folders = {path.parent for path in self._paths()}
        led_to = {path.resolve().parent for path in self._paths()}
        return frozenset(folder for folder in folders | led_to if folder.is_dir())

    def _paths(self) -> tuple[Path, ...]:
        names = (*_FILES, *([FICTITIOUS] if self.fictitious else []))
        return tuple(self.directory / name for name in names)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
