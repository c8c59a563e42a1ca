"""Settings, read once from the environment and ``.env``; all mistakes are reported together."""

import codecs
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

import knowledge
from bot.messages import TEXT
from knowledge.matcher.thresholds import Thresholds
from storage.engine.address import parse_address
from storage.engine.errors import AddressError
from storage.engine.vault import is_key
from storage.privacy.retention import Durations, months
from storage.queues.inbox import MOST_WAITING
from storage.records.questions import QuestionLimits


class SettingsError(Exception):
    """All mistakes in the settings: one French line each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _group(value: int | None) -> int | None:
    if value is not None and value >= 0:
        raise ValueError("bad_group")
    return value


def _user_ids(value: object) -> object:
    """Read a list such as "12, 34": without this, pydantic would expect JSON."""
    if not isinstance(value, str):
        return value
    return [part for part in re.split(r"[\s,;]+", value) if part]


# Allowed characters: Bot API, setWebhook, secret_token.
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
# What BotFather gives, and nothing that would change the address it becomes part of.
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,256}")
_HOST = re.compile(r"[A-Za-z0-9_.:%-]{1,253}")
ChatId = Annotated[int | None, AfterValidator(_group)]
_KEPT = QuestionLimits()
Seconds = Annotated[float, Field(gt=0)]


def _listed(keys: SecretStr) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\s,;]+", keys.get_secret_value()))


class Settings(BaseSettings):
    """Each field is an environment variable of the same name in capitals (see .env.example)."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        # An empty line in .env means the default.
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        # A traceback that shows a mistake must not show the value.
        hide_input_in_errors=True,
    )

    telegram_bot_token: SecretStr | None = None
    telegram_api_url: AnyHttpUrl = AnyHttpUrl("https://api.telegram.org")
    # It holds a password.
    database_url: str = Field("sqlite+aiosqlite:///data/bot.db", repr=False)
    # The first key encrypts, all decrypt; none: what people write is stored in clear.
    data_keys: SecretStr | None = None
    knowledge_dir: Path = Path(knowledge.__file__).parent
    admin_chat_id: ChatId = None
    facilitator_chat_id: ChatId = None
    facilitator_ids: Annotated[frozenset[int], NoDecode, BeforeValidator(_user_ids)] = frozenset()
    operator_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    postal_address: str = ""
    dpo_email: str = ""
    semantic_matching: bool = True
    answer_probability: Annotated[float, Field(gt=0, le=1)] = Thresholds.answer
    choice_probability: Annotated[float, Field(ge=0, le=1)] = Thresholds.choice
    preview_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    telegram_transport: Literal["aiohttp", "httpx"] = "aiohttp"
    webhook_url: str = ""
    webhook_secret: SecretStr | None = None
    listen_host: str = "127.0.0.1"
    listen_port: Annotated[int, Field(ge=0, le=65535)] = 8000
    inbox_limit: Annotated[int, Field(ge=1)] = MOST_WAITING
    flood_limit: Annotated[int, Field(ge=0)] = 30
    messages_per_second: Annotated[int, Field(ge=0)] = 30
    chat_burst: Annotated[int, Field(ge=1, le=20)] = 3
    question_length: Annotated[int, Field(ge=100)] = _KEPT.length
    questions_a_day: Annotated[int, Field(ge=1)] = _KEPT.a_day
    questions_in_all: Annotated[int, Field(ge=1)] = _KEPT.in_all
    retention_drafts_hours: Annotated[int, Field(ge=1, le=720)] = 48
    retention_questions_days: Annotated[int, Field(ge=1, le=1095)] = 90
    retention_conversations_days: Annotated[int, Field(ge=1, le=1095)] = 90
    retention_requests_months: Annotated[int, Field(ge=1, le=60)] = 12
    retention_handled_hours: Annotated[int, Field(ge=24, le=720)] = 48
    retention_aside_days: Annotated[int, Field(ge=1, le=1095)] = 7
    retention_sent_days: Annotated[int, Field(ge=1, le=1095)] = 30
    retention_people_days: Annotated[int, Field(ge=1, le=1095)] = 365
    weekly_digest: bool = True
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    log_format: Literal["text", "json"] = "text"

    @classmethod
    def read(cls, **overrides: object) -> Self:
        """Return the settings; raises SettingsError with all mistakes together."""
        file = overrides.get("_env_file", cls.model_config.get("env_file"))
        coding = (
            {"_env_file_encoding": encoding_of(Path(file))} if isinstance(file, str | Path) else {}
        )
        try:
            return cls(**coding, **overrides)  # type: ignore[arg-type]  # pydantic checks each value itself
        except ValidationError as error:
            raise SettingsError(tuple(_in_words(error))) from None

    def check_for_webhook(self) -> None:
        """Raise SettingsError with all the settings that ``serve`` needs and that are missing."""
        needs = {
            "telegram_bot_token": self.telegram_bot_token,
            "webhook_url": self.webhook_url,
            "webhook_secret": self.webhook_secret,
        }
        missing = [name for name, value in needs.items() if not value]
        if missing:
            raise SettingsError(tuple(_lacking(name) for name in missing))

    @field_validator("telegram_bot_token")
    @classmethod
    def _check_token(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not _TOKEN.fullmatch(token.get_secret_value()):
            raise ValueError("bad_token")
        return token

    @field_validator("data_keys")
    @classmethod
    def _check_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        if keys is not None and not all(map(is_key, _listed(keys))):
            raise ValueError("bad_data_keys")
        return keys

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the database, the one that encrypts first."""
        return _listed(self.data_keys) if self.data_keys else ()

    @property
    def durations(self) -> Durations:
        """How long each thing is kept."""
        return Durations(
            draft=timedelta(hours=self.retention_drafts_hours),
            question=timedelta(days=self.retention_questions_days),
            conversation=timedelta(days=self.retention_conversations_days),
            interest=months(self.retention_requests_months),
            inbox_done=timedelta(hours=self.retention_handled_hours),
            inbox_aside=timedelta(days=self.retention_aside_days),
            outbox_record=timedelta(days=self.retention_sent_days),
            person=timedelta(days=self.retention_people_days),
        )

    @field_validator("listen_host")
    @classmethod
    def _check_host(cls, host: str) -> str:
        if not _HOST.fullmatch(host):
            raise ValueError("bad_listen_host")
        return host

    @field_validator("*", mode="before")
    @classmethod
    def _check_text(cls, value: object) -> object:
        """Leave out the spaces around a value, which nobody sees; refuse what is no text."""
        if not isinstance(value, str):
            return value
        value.encode("utf-8")
        return value.strip()

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, url: str) -> str:
        parse_address(url)
        return url

    @field_validator("webhook_url")
    @classmethod
    def _check_webhook(cls, url: str) -> str:
        parts = urlsplit(url)
        # Telegram sends updates over HTTPS only; the preview, on this machine, over HTTP too.
        local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
        if url and not (parts.hostname and (parts.scheme == "https" or local)):
            raise ValueError("bad_webhook_url")
        return url

    @field_validator("webhook_secret")
    @classmethod
    def _check_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not _SECRET.fullmatch(secret.get_secret_value()):
            raise ValueError("bad_webhook_secret")
        return secret

    @field_validator("knowledge_dir")
    @classmethod
    def _check_knowledge(cls, directory: Path) -> Path:
        if not directory.is_dir():
            raise ValueError("bad_directory")
        return directory


def encoding_of(file: Path) -> str:
    """Return how a settings file is written: UTF-8, or what Windows' Notepad may save instead.

    Raises SettingsError where the file cannot be read.
    """
    try:
        content = file.read_bytes() if file.is_file() else b""
    except OSError:
        content = None
    found = None if content is None else next(_encodings(content), None)
    if found is None:
        raise SettingsError((TEXT.label("bad_settings_file", file=file),))
    return found


def _encodings(content: bytes) -> Iterator[str]:
    """Yield the encodings that a settings file can be read in, the likeliest first."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        likely = ["utf-16"]
    elif b"\0" in content:
        likely = ["utf-16-le", "utf-16-be"] if content[1:2] == b"\0" else ["utf-16-be"]
    else:
        # Windows-1252 lacks five bytes, which Latin-1 has.
        likely = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in likely:
        with suppress(UnicodeDecodeError):
            content.decode(encoding)
            yield encoding


def _lacking(name: str) -> str:
    remedy = TEXT.label(f"no_{name}", fresh=secrets.token_urlsafe(32))
    return TEXT.label("bad_setting", variable=name.upper(), remedy=remedy)


def _in_words(error: ValidationError) -> list[str]:
    """Return a line for each mistake: the variable and what it must be, never its value."""
    lines = []
    for problem in error.errors(include_input=False):
        variable = str(problem["loc"][0]).upper()
        remedy = _remedy(variable, problem.get("ctx", {}).get("error"))
        lines.append(TEXT.label("bad_setting", variable=variable, remedy=remedy))
    return lines


def _remedy(variable: str, reason: object) -> str:
    if isinstance(reason, AddressError):
        return TEXT.label(f"bad_database_{reason.fault}", option=reason.option)
    return TEXT.label(str(reason) if str(reason) in TEXT.names else f"bad_{variable.lower()}")
