"""Settings, read once from the environment and ``.env``; all mistakes are reported together."""

import codecs
import email.utils
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

import knowledge
from bot.messages import TEXT
from bot.runtime.smtp import Letterhead, MailServer, Security
from handlers.core.office import Office, WorkingDays, subdivision_of
from handlers.core.services import Correspondent
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


def _listed(value: object) -> object:
    """Read a list such as "12, 34": without this, pydantic would expect JSON."""
    if not isinstance(value, str):
        return value
    return [part for part in re.split(r"[\s,;]+", value) if part]


_HOUR = re.compile(r"([01]?[0-9]|2[0-3])\s*(?:[h:]\s*([0-5][0-9])?)?", re.IGNORECASE)
_WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


def _hour(value: object) -> object:
    """Read an hour as people write it: "9", "9h30", "09:30"."""
    if not isinstance(value, str):
        return value
    found = _HOUR.fullmatch(value.strip())
    if found is None:
        raise ValueError("bad_hour")
    return time(int(found[1]), int(found[2] or 0))


def _place(value: str) -> str:
    """Return the code of the holidays of a place."""
    code = subdivision_of(value)
    if code is None:
        raise ValueError("bad_holidays_of")
    return code


def _correspondents(value: object) -> object:
    """Read a list such as "Nadia Benali <nadia@exemple.fr>; paul@exemple.fr"."""
    if not isinstance(value, str):
        return value
    parts = [part for part in re.split(r"[,;\n]+", value) if part.strip()]
    found = (email.utils.parseaddr(part) for part in parts)
    named = [Correspondent(name or address.partition("@")[0], address) for name, address in found]
    if not all(_is_address(one.address) for one in named):
        raise ValueError("bad_admin_emails")
    return tuple(named)


def _is_address(text: str) -> bool:
    try:
        validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


# Allowed characters: Bot API, setWebhook, secret_token.
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
# What BotFather gives, and nothing that would change the address it becomes part of.
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,256}")
# Signs of a key that nobody can guess.
_SHORTEST_KEY = 32
_HOST = re.compile(r"[A-Za-z0-9_.:%-]{1,253}")
ChatId = Annotated[int | None, AfterValidator(_group)]
_KEPT = QuestionLimits()
_OFFICE = Office()
Hour = Annotated[time, BeforeValidator(_hour)]
# A wait in days: a year and more is no reminder.
Days = Annotated[int, Field(ge=1, le=250)]
Seconds = Annotated[float, Field(gt=0)]


def _key_list(keys: SecretStr) -> tuple[str, ...]:
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
    admin_details: Literal["group", "private"] = "group"
    facilitator_chat_id: ChatId = None
    facilitator_ids: Annotated[frozenset[int], NoDecode, BeforeValidator(_listed)] = frozenset()
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
    smtp_host: str = ""
    # By default, the usual one of the security.
    smtp_port: Annotated[int | None, Field(ge=1, le=65535)] = None
    smtp_user: str = ""
    smtp_password: SecretStr | None = None
    smtp_security: Security = Security.STARTTLS
    mail_from: str = ""
    admin_emails: Annotated[
        tuple[Correspondent, ...], NoDecode, BeforeValidator(_correspondents)
    ] = ()
    public_url: str = ""
    web_key: SecretStr | None = None
    link_days: Annotated[int, Field(ge=1, le=90)] = 14
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
    office_opens: Hour = _OFFICE.opens
    office_closes: Hour = _OFFICE.closes
    quiet_days: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = _WEEKDAYS[5:]
    holidays_of: Annotated[str, AfterValidator(_place)] = ""
    reminder_days: Days = _OFFICE.reminder_days
    second_reminder_days: Days = _OFFICE.second_reminder_days
    untouched_days: Days = _OFFICE.untouched_days
    unclosed_days: Days = _OFFICE.unclosed_days
    follow_up_days: Days = _OFFICE.follow_up_days
    relaunch_days: Days = _OFFICE.relaunch_days
    answer_days: Days = _OFFICE.answer_days
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
            settings = cls(**coding, **overrides)  # type: ignore[arg-type]  # pydantic checks each value itself
        except ValidationError as error:
            raise SettingsError(tuple(_in_words(error))) from None
        settings.check_mail()
        return settings

    def check_mail(self) -> None:
        """Raise SettingsError with all the settings of e-mails that do not go together."""
        wants_mail = bool(self.smtp_host)
        lacking = {
            "mail_from": wants_mail and not self.mail_from,
            "smtp_password": bool(self.smtp_user) and self.smtp_password is None,
            "smtp_user": self.smtp_password is not None and not self.smtp_user,
            "smtp_host": not wants_mail and bool(self.admin_emails or self.smtp_user),
            # A password would cross the network in clear.
            "smtp_security": self.smtp_security is Security.NONE and bool(self.smtp_user),
        }
        problems = tuple(_lacking(name) for name, lacks in lacking.items() if lacks)
        if problems:
            raise SettingsError(problems)

    def letterhead(self) -> Letterhead:
        """Return who e-mails come from."""
        name = self.operator_name or TEXT.label("default_operator")
        return Letterhead(name, self.mail_from)

    def mail_server(self) -> MailServer | None:
        """Return the mail server; None where none is set."""
        if not self.smtp_host:
            return None
        password = self.smtp_password.get_secret_value() if self.smtp_password else ""
        return MailServer(
            self.smtp_host,
            self.smtp_port or self.smtp_security.usual_port,
            self.smtp_security,
            self.letterhead(),
            self.smtp_user,
            password,
        )

    @property
    def office(self) -> Office:
        """The team's days and hours, and how long each wait may last."""
        names = [_WEEKDAYS.index(day) for day in self.quiet_days if day in _WEEKDAYS]
        dates = [date.fromisoformat(day) for day in self.quiet_days if day not in _WEEKDAYS]
        return Office(
            days=WorkingDays(
                subdivision=self.holidays_of, weekend=frozenset(names), closed=frozenset(dates)
            ),
            opens=self.office_opens,
            closes=self.office_closes,
            answer_days=self.answer_days,
            reminder_days=self.reminder_days,
            second_reminder_days=self.second_reminder_days,
            untouched_days=self.untouched_days,
            unclosed_days=self.unclosed_days,
            follow_up_days=self.follow_up_days,
            relaunch_days=self.relaunch_days,
        )

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

    @field_validator("office_closes")
    @classmethod
    def _check_hours(cls, closes: time, info: ValidationInfo) -> time:
        if closes <= info.data.get("office_opens", time.min):
            raise ValueError("bad_office_closes")
        return closes

    @field_validator("quiet_days")
    @classmethod
    def _check_days(cls, days: tuple[str, ...]) -> tuple[str, ...]:
        """Accept names of weekdays and dates; some day of the week must be left to work on."""
        days = tuple(day.casefold() for day in days)
        for day in days:
            if day not in _WEEKDAYS:
                date.fromisoformat(day)
        if set(days) >= set(_WEEKDAYS):
            raise ValueError("bad_quiet_days")
        return days

    @field_validator("second_reminder_days")
    @classmethod
    def _check_reminders(cls, second: int, info: ValidationInfo) -> int:
        if second <= info.data.get("reminder_days", 0):
            raise ValueError("bad_second_reminder_days")
        return second

    @field_validator("data_keys")
    @classmethod
    def _check_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        if keys is not None and not all(map(is_key, _key_list(keys))):
            raise ValueError("bad_data_keys")
        return keys

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the database, the one that encrypts first."""
        return _key_list(self.data_keys) if self.data_keys else ()

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

    @field_validator("public_url")
    @classmethod
    def _check_public(cls, url: str) -> str:
        parts = urlsplit(url)
        # Links of e-mails open a request: they go over HTTPS, but for a trial on this machine.
        local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
        is_right = parts.hostname and (parts.scheme == "https" or local)
        if url and (not is_right or parts.path.strip("/") or parts.query or parts.fragment):
            raise ValueError("bad_public_url")
        return url.rstrip("/")

    @field_validator("mail_from")
    @classmethod
    def _check_sender(cls, address: str) -> str:
        if address and not _is_address(address):
            raise ValueError("bad_mail_from")
        return address

    @field_validator("smtp_host")
    @classmethod
    def _check_mail_host(cls, host: str) -> str:
        if host and not _HOST.fullmatch(host):
            raise ValueError("bad_smtp_host")
        return host

    @field_validator("web_key")
    @classmethod
    def _check_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < _SHORTEST_KEY:
            raise ValueError("bad_web_key")
        return key

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
