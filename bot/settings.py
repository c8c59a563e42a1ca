"""Settings, read once from the environment and ``.env``; all mistakes are reported together."""

import re
from datetime import date, time, timedelta
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
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

import knowledge
from bot.messages import TEXT
from bot.runtime.smtp import Letterhead, MailServer, Security
from bot.setting_faults import SettingsError, encoding_of, in_words, lacking
from bot.setting_values import (
    WEEKDAYS,
    ChatId,
    Days,
    Hour,
    correspondents,
    is_address,
    is_public,
    listed,
    place,
)
from handlers.core.office import Office, WorkingDays
from handlers.core.services import Correspondent
from knowledge.matcher.thresholds import Thresholds
from knowledge.text.hidden import without_hidden
from storage.engine.address import parse_address
from storage.engine.vault import is_key
from storage.privacy.retention import Durations, months
from storage.queues.inbox import MOST_WAITING
from storage.records.questions import QuestionLimits
from website.facts import LICENCE, LICENCE_ADDRESS

# Re-exported: callers import the settings and their fault from one module.
__all__ = ["Settings", "SettingsError"]
# Allowed characters: Bot API, setWebhook, secret_token.
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
# What BotFather gives, and nothing that would change the address it becomes part of.
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,256}")
# Signs of a key that nobody can guess.
_SHORTEST_KEY = 32
_HOST = re.compile(r"[A-Za-z0-9_.:%-]{1,253}")
_KEPT = QuestionLimits()
_OFFICE = Office()


def _key_list(keys: SecretStr) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\s,;]+", keys.get_secret_value()))


_QUOTED = re.compile(
    "[\u201c\u201e\u00ab\u2018]([^\u201c\u201d\u00ab\u00bb]*)[\u201d\u201c\u00bb\u2019]"
)


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
    facilitator_ids: Annotated[frozenset[int], NoDecode, BeforeValidator(listed)] = frozenset()
    operator_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    postal_address: str = ""
    dpo_email: str = ""
    semantic_matching: bool = True
    second_encoder: bool = True
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
        tuple[Correspondent, ...], NoDecode, BeforeValidator(correspondents)
    ] = ()
    public_url: str = ""
    front_process: bool = True
    # Where the public pages stand; by default, at PUBLIC_URL.
    site_url: str = ""
    publication_director: str = ""
    site_host: str = ""
    data_licence: str = LICENCE
    data_licence_url: str = LICENCE_ADDRESS
    dataset_url: str = ""
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
    quiet_days: Annotated[tuple[str, ...], NoDecode, BeforeValidator(listed)] = WEEKDAYS[5:]
    holidays_of: Annotated[str, AfterValidator(place)] = ""
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
            raise SettingsError(tuple(in_words(error))) from None
        settings.check_mail()
        return settings

    def check_mail(self) -> None:
        """Raise SettingsError with all the settings of e-mails that do not go together."""
        wants_mail = bool(self.smtp_host)
        faults = {
            "mail_from": wants_mail and not self.mail_from,
            "smtp_password": bool(self.smtp_user) and self.smtp_password is None,
            "smtp_user": self.smtp_password is not None and not self.smtp_user,
            "smtp_host": not wants_mail and bool(self.admin_emails or self.smtp_user),
            # A password would cross the network in clear.
            "smtp_security": self.smtp_security is Security.NONE and bool(self.smtp_user),
        }
        problems = tuple(lacking(name) for name, lacks in faults.items() if lacks)
        if problems:
            raise SettingsError(problems)

    def letterhead(self, team: str = "") -> Letterhead:
        """Return who e-mails come from; without a name in the settings, the team."""
        name = self.operator_name or team or TEXT.label("default_operator", name="")
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
        names = [WEEKDAYS.index(day) for day in self.quiet_days if day in WEEKDAYS]
        dates = [date.fromisoformat(day) for day in self.quiet_days if day not in WEEKDAYS]
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
            raise SettingsError(tuple(lacking(name) for name in missing))

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
            if day not in WEEKDAYS:
                date.fromisoformat(day)
        if set(days) >= set(WEEKDAYS):
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
        """Leave out what stands around a copied value and is no part of it; refuse what is no text.

        Spaces of all sorts, signs that nobody sees, and the quotation marks that Word puts in the
        place of plain ones, which the file's format takes away by itself.
        """
        if not isinstance(value, str):
            return value
        value.encode("utf-8")
        value = without_hidden(value).strip()
        quoted = _QUOTED.fullmatch(value)
        return quoted[1].strip() if quoted else value

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, url: str) -> str:
        parse_address(url)
        return url

    @field_validator("webhook_url")
    @classmethod
    def _check_webhook(cls, url: str) -> str:
        # Telegram sends updates over HTTPS only; the preview, on this machine, over HTTP too.
        if url and not is_public(url):
            raise ValueError("bad_webhook_url")
        return url

    @field_validator("public_url")
    @classmethod
    def _check_public(cls, url: str) -> str:
        parts = urlsplit(url)
        # Links of e-mails open a request: nobody on their way may read them.
        if url and (not is_public(url) or parts.path.strip("/") or parts.query or parts.fragment):
            raise ValueError("bad_public_url")
        return url.rstrip("/")

    @field_validator("site_url", "data_licence_url", "dataset_url")
    @classmethod
    def _check_site(cls, url: str, info: ValidationInfo) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in {"https", "http"} or not parts.hostname):
            raise ValueError(f"bad_{info.field_name}")
        # Addresses of pages are added behind it.
        if info.field_name == "site_url" and (parts.query or parts.fragment):
            raise ValueError("bad_site_url")
        return url

    @property
    def site_address(self) -> str:
        """Where the public pages stand, with the last slash; empty where that is not known."""
        address = self.site_url or self.public_url
        return f"{address.rstrip('/')}/" if address else ""

    @field_validator("mail_from")
    @classmethod
    def _check_sender(cls, address: str) -> str:
        if address and not is_address(address):
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
