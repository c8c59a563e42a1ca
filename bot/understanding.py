"""How questions are understood in this process: the encoder, and where compiled models are kept."""

import logging
import threading

from platformdirs import user_cache_path

from bot.settings import Settings
from knowledge.encoding import Encoder, shipped_encoder
from knowledge.loading import Compiling
from knowledge.model_store import ModelStore
from knowledge.thresholds import Thresholds

logger = logging.getLogger(__name__)
_FOLDER = "territoires-industrie-bot"


def compiling(settings: Settings) -> Compiling:
    """Return the encoder that the settings ask for, and the store of compiled models."""
    encoder = _encoder(settings)
    logger.info("questions are matched by %s", encoder.name if encoder else "letters and sound")
    thresholds = Thresholds(answer=settings.answer_probability, choice=settings.choice_probability)
    return Compiling(encoder, thresholds, ModelStore(user_cache_path(_FOLDER)))


def _encoder(settings: Settings) -> Encoder | None:
    encoder = shipped_encoder() if settings.semantic_matching else None
    if encoder is not None:
        # Its weights are read by the first text: while the rest starts, not while somebody waits.
        threading.Thread(target=encoder.encode, args=([" "],), daemon=True).start()
    return encoder
