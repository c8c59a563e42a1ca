"""Settings, read once from the environment and ``.env``; all mistakes are reported together."""

import re
import secrets
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
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

import knowledge
from bot.messages import TEXT
from knowledge.matcher.thresholds import Thresholds
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
ChatId = Annotated[int | None, AfterValidator(_group)]
_KEPT = QuestionLimits()
Seconds = Annotated[float, Field(gt=0)]


class Settings(BaseSettings):
    """Each field is an environment variable of the same name in capitals (see .env.example)."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        # An empty line in .env means the default.
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    telegram_bot_token: SecretStr | None = None
    telegram_api_url: AnyHttpUrl = AnyHttpUrl("https://api.telegram.org")
    database_url: str = "sqlite+aiosqlite:///data/bot.db"
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
    weekly_digest: bool = True
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    log_format: Literal["text", "json"] = "text"

    @classmethod
    def read(cls, **overrides: object) -> Self:
        """Return the settings; raises SettingsError with all mistakes together."""
        try:
            return cls(**overrides)  # type: ignore[arg-type]  # pydantic checks each value itself
        except ValidationError as error:
            raise SettingsError(tuple(_in_words(error))) from error

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
        if token is not None:
            number, *secret = token.get_secret_value().split(":")
            if len(secret) != 1 or not number.isdigit() or not secret[0]:
                raise ValueError("bad_token")
        return token

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, url: str) -> str:
        try:
            driver = make_url(url).drivername
        except ArgumentError as error:
            raise ValueError("bad_database") from error
        if driver not in {"sqlite+aiosqlite", "postgresql+asyncpg"}:
            raise ValueError("bad_database")
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


def _lacking(name: str) -> str:
    remedy = TEXT.label(f"no_{name}", fresh=secrets.token_urlsafe(32))
    return TEXT.label("bad_setting", variable=name.upper(), remedy=remedy)


def _in_words(error: ValidationError) -> list[str]:
    """Return a line for each mistake: the variable and what it must be, never its value."""
    lines = []
    for problem in error.errors(include_input=False):
        variable = str(problem["loc"][0]).upper()
        reason = str(problem.get("ctx", {}).get("error", ""))
        name = reason if reason in TEXT.names else f"bad_{variable.lower()}"
        lines.append(TEXT.label("bad_setting", variable=variable, remedy=TEXT.label(name)))
    return lines
