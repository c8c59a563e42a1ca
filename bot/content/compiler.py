"""How this process understands questions: the encoders, and the store of compiled models."""

import hashlib
import logging
import threading
from dataclasses import replace
from pathlib import Path

from platformdirs import user_cache_path

from bot.content import last_served
from bot.settings import Settings
from knowledge.loading import Compiling
from knowledge.matcher.thresholds import Thresholds
from knowledge.ranking.encoder import Encoder, shipped_encoder
from knowledge.ranking.model_store import ModelStore
from knowledge.ranking.second_encoder import SecondEncoder, shipped_second_encoder

logger = logging.getLogger(__name__)


def compiling(settings: Settings) -> Compiling:
    """Return the encoders that the settings name, and the store of compiled models."""
    encoder, second = _encoder(settings), _second(settings)
    names = [each.name for each in (encoder, second and second.questions) if each]
    logger.info("questions are matched by %s", " and ".join(names) or "letters and sound")
    return replace(by_letters(settings), encoder=encoder, second=second)


def by_letters(settings: Settings) -> Compiling:
    """Return the compiling without an encoder: ready at once, slightly less accurate."""
    thresholds = Thresholds(answer=settings.answer_probability, choice=settings.choice_probability)
    return Compiling(thresholds=thresholds, store=ModelStore(cache_folder()))


def _encoder(settings: Settings) -> Encoder | None:
    return shipped_encoder(cache_folder()) if settings.semantic_matching else None


def _second(settings: Settings) -> SecondEncoder | None:
    # Whoever turned meaning off did so to spare memory.
    is_wanted = settings.semantic_matching and settings.second_encoder
    return shipped_second_encoder() if is_wanted else None


def kept_file(directory: Path, *, fictitious: bool) -> Path:
    """Return the file that stores what a folder last served, beside the compiled models."""
    name = hashlib.sha256(f"{directory.absolute()} {fictitious}".encode()).hexdigest()[:16]
    return cache_folder() / last_served.name_of(name)


def cache_folder() -> Path:
    """Return the folder of compiled models and of what was last in service."""
    return user_cache_path("territoires-industrie-bot")


def warm_up(encoder: Encoder | None) -> None:
    """Load an encoder's weights in the background: otherwise the first text would wait for them."""
    if encoder is not None:
        threading.Thread(target=encoder.encode, args=([" "],), daemon=True).start()
