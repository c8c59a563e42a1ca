"""The folder of knowledge as this process serves it: read, put in service at once, learnt."""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from handlers.core.services import Services
from knowledge.atomic_write import replacing
from knowledge.files.problems import KnowledgeError, Severity
from knowledge.files.yaml_reader import Document
from knowledge.knowledge import Knowledge
from knowledge.loading import (
    FAQ,
    FICTITIOUS,
    LEXICON,
    PROJECTS,
    SMALL_TALK,
    VOICES,
    Compiling,
    build,
    from_data,
    material_in,
    read_files,
)
from knowledge.ranking.former_ranker import PreviousRanker

logger = logging.getLogger(__name__)
_FILES = (FAQ, PROJECTS, SMALL_TALK, VOICES, LEXICON)

Documents = dict[str, Document]
# Of each file: its inode, its size in bytes, its time in nanoseconds; None where it is not there.
Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class Served:
    """Knowledge to put in service; unless it is learnt, by what was learnt before."""

    knowledge: Knowledge
    is_learnt: bool


def put_in_service(knowledge: Knowledge, services: Services) -> None:
    """Answer from this knowledge from now on: one assignment, so never from half of two."""
    services.knowledge = knowledge


class Library:
    """One folder. Every method may be slow (files, numbers): they are called in threads."""

    def __init__(
        self,
        directory: Path,
        *,
        fictitious: bool,
        compiling: Callable[[], Compiling],
        kept: Path | None = None,
    ) -> None:
        """Open a folder; in the file ``kept`` stands what was in service last."""
        self.directory = directory
        self.is_behind = False
        self._kept = kept
        self.fictitious = fictitious
        self._make_compiling = compiling
        self._compiling: Compiling | None = None
        self._one_at_a_time = threading.Lock()

    def compiling(self) -> Compiling:
        """Return how questions are understood, made once: an encoder holds a lot of memory."""
        with self._one_at_a_time:
            if self._compiling is None:
                self._compiling = self._make_compiling()
            return self._compiling

    def read(self) -> Documents:
        """Read the folder; KnowledgeError with everything that keeps it from use."""
        files = read_files(self.directory, fictitious=self.fictitious)
        errors = tuple(found for found in files.problems if found.severity is Severity.ERROR)
        if errors:
            raise KnowledgeError(errors)
        return files.documents

    def at_once(self, documents: Documents, former: Knowledge) -> Served:
        """Return knowledge with new texts; by the former ranker where learning would take seconds.

        Phrasings of the files are met word for word already, and projects found.
        """
        compiling, material = self.compiling(), material_in(documents)
        known = compiling.store.get(compiling.store.key(material, compiling.encoder))
        if known is None and former.ranker is not None:
            ranker = PreviousRanker(former.ranker, material.ids)
            if ranker.knows_any():
                return Served(build(documents, compiling, ranker), is_learnt=False)
        return Served(build(documents, compiling), is_learnt=True)

    def learn(self, documents: Documents) -> Knowledge:
        """Compile; takes seconds where these texts were never learnt before."""
        compiling = self.compiling()
        if compiling.encoder is not None:
            # First: what reading its weights takes for a moment is free again by then.
            compiling.encoder.encode([" "])
        return build(documents, compiling)

    def keep(self, documents: Documents) -> None:
        """Keep what is in service, for a start on files that cannot be."""
        if self._kept is None:
            return
        said = {name: document.data for name, document in documents.items()}
        content = json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass")
        try:
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            if not self._kept.exists() or self._kept.read_bytes() != content:
                with replacing(self._kept) as file:
                    file.write(content)
        except OSError as error:
            logger.warning("what is in service cannot be kept: %s", type(error).__name__)

    def fall_back(self) -> tuple[Documents, datetime] | None:
        """Return what was in service last and since when; None where nothing of use was kept.

        From then on the library is behind its folder.
        """
        if self._kept is None or not self._kept.exists():
            return None
        try:
            since = datetime.fromtimestamp(self._kept.stat().st_mtime, UTC)
            content = self._kept.read_bytes().decode("utf-8", "surrogatepass")
            documents = from_data(dict(json.loads(content)))
        except (OSError, ValueError, TypeError, KnowledgeError) as error:
            logger.warning("what was in service cannot be used: %s", type(error).__name__)
            return None
        self.is_behind = True
        return documents, since

    def load(self) -> Knowledge:
        """Read and compile the folder; KnowledgeError as ``read``."""
        return self.learn(self.read())

    def stamp(self) -> Stamp:
        """Return what changes whenever a file is written, replaced, or led elsewhere by a link."""
        return tuple(map(_stamp, self._paths()))

    def places(self) -> frozenset[Path]:
        """Return the folders to watch: links lead out of ours, and are swapped in theirs."""
        folders = {path.parent for path in self._paths()}
        led_to = {path.resolve().parent for path in self._paths()}
        return frozenset(folder for folder in folders | led_to if folder.is_dir())

    def _paths(self) -> tuple[Path, ...]:
        names = (*_FILES, *([FICTITIOUS] if self.fictitious else []))
        return tuple(self.directory / name for name in names)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
