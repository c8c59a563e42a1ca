"""Settings: read once, all mistakes at once, in words, and never a secret."""

import re
from datetime import date, time
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError
from handlers.core.office import Office

EXAMPLE = Path(__file__).parent.parent / ".env.example"
VARIABLES = [name.upper() for name in Settings.model_fields]


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_nothing_set_is_a_preview_with_the_shipped_knowledge() -> None:
    settings = Settings.read()
    assert settings.telegram_bot_token is None
    assert (settings.knowledge_dir / "faq.yaml").is_file()


@pytest.mark.parametrize(
    "written",
    [
        "Mistral",
        '"Mistral"',
        "\u201cMistral\u201d",
        "\u00ab\u00a0Mistral\u00a0\u00bb",
        "\u00a0Mistral\u202f",
        "\u200bMistral\ufeff",
        "'Mistral'",
    ],
)
def test_a_value_copied_from_a_document_is_the_value(tmp_path: Path, written: str) -> None:
    file = tmp_path / "copied.env"
    file.write_text(f"OPERATOR_NAME={written}\n", "utf-8")
    assert Settings.read(_env_file=file).operator_name == "Mistral"


def test_the_env_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ADMIN_CHAT_ID=-100123\nOPERATOR_NAME=Métropole\n", "utf-8")
    settings = Settings.read()
    assert (settings.admin_chat_id, settings.operator_name) == (-100123, "Métropole")


def test_blank_lines_mean_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
    assert Settings.read() == Settings.read(_env_file=None)
    assert Settings.read().preview_port == 8080


def test_every_mistake_is_told_at_once_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {
        "TELEGRAM_BOT_TOKEN": "hunter2",
        "TELEGRAM_API_URL": "pas une adresse",
        "DATABASE_URL": "mysql://x",
        "KNOWLEDGE_DIR": "/n/existe/pas",
        "ADMIN_CHAT_ID": "12",
        "FACILITATOR_CHAT_ID": "douze",
        "PREVIEW_PORT": "99999",
        "LOG_LEVEL": "bavard",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Settings.read()
    assert {problem.split()[0] for problem in caught.value.problems} == set(wrong)
    assert "hunter2" not in str(caught.value)
    assert "BotFather" in str(caught.value)


def test_the_token_never_shows() -> None:
    settings = Settings.read(telegram_bot_token="123:hunter2")  # noqa: S106 - a token of no bot
    assert "hunter2" not in repr(settings)


def test_what_a_webhook_needs_is_told_at_once_with_a_fresh_secret() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.read().check_for_webhook()
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "TELEGRAM_BOT_TOKEN",
        "WEBHOOK_URL",
        "WEBHOOK_SECRET",
    ]
    secret = caught.value.problems[-1].split()[-1]
    Settings.read(
        telegram_bot_token="123:hunter2",  # noqa: S106 - a token of no bot
        webhook_url="https://bot.exemple.fr/telegram",
        webhook_secret=secret,
    ).check_for_webhook()
    assert len(secret) > 32


@pytest.mark.parametrize(
    "url", ["http://bot.exemple.fr/x", "bot.exemple.fr", "https://", "ftp://x"]
)
def test_a_webhook_is_posted_to_over_https(url: str) -> None:
    with pytest.raises(SettingsError, match="WEBHOOK_URL"):
        Settings.read(webhook_url=url)


@pytest.mark.parametrize("secret", ["é", "a b", "a" * 257])
def test_a_secret_that_telegram_refuses_is_told_and_not_shown(secret: str) -> None:
    with pytest.raises(SettingsError, match="WEBHOOK_SECRET") as caught:
        Settings.read(webhook_secret=secret)
    assert secret not in str(caught.value)


def test_every_setting_is_in_the_example() -> None:
    listed = re.findall(r"^#?([A-Z_]+)=", EXAMPLE.read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(VARIABLES)


def test_the_example_says_the_defaults(tmp_path: Path) -> None:
    assert Settings.read(_env_file=EXAMPLE) == Settings.read(_env_file=None)
    whole = tmp_path / "whole"
    whole.write_text(re.sub(r"^#(?=[A-Z_]+=)", "", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE))
    assert "\nDATABASE_URL=sqlite" in whole.read_text()
    assert Settings.read(_env_file=whole) == Settings.read(_env_file=None)


def test_the_hours_and_days_of_the_office_are_read_as_people_write_them() -> None:
    office = Settings.read(
        office_opens="8h30",
        office_closes="17",
        quiet_days="Mercredi, samedi; dimanche 2026-12-24",
        holidays_of="Alsace-Moselle",
        reminder_days="2",
    ).office
    assert (office.opens, office.closes, office.reminder_days) == (time(8, 30), time(17), 2)
    works = office.days.works
    assert [works(date(2026, 12, day)) for day in (21, 23, 24, 25)] == [True, False, False, False]
    assert office.days.holiday(date(2026, 12, 26)) == "Saint-Étienne"
    assert Settings.read().office == Office()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("office_opens", "25h"),
        ("office_closes", "8h"),
        ("quiet_days", "lundi mardi mercredi jeudi vendredi samedi dimanche"),
        ("quiet_days", "noël"),
        ("holidays_of", "13"),
        ("reminder_days", "0"),
        ("second_reminder_days", "3"),
        ("untouched_days", "x"),
    ],
)
def test_an_office_that_cannot_be_is_told_in_words(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"(?s){name.upper()}\\s: donnez"):
        Settings.read(**{name: value})


def problems(**given: object) -> list[str]:
    """Return the settings that are named in the mistakes."""
    try:
        Settings.read(_env_file=None, **given)
    except SettingsError as error:
        return [problem.split()[0] for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"smtp_host": "smtp.exemple.fr"}, ["MAIL_FROM"]),
        ({"admin_emails": "claire@exemple.fr"}, ["SMTP_HOST"]),
        (
            {"smtp_host": "smtp.exemple.fr", "smtp_user": "bot"},
            ["MAIL_FROM", "SMTP_PASSWORD"],
        ),
        ({"smtp_host": "s.fr", "mail_from": "a@s.fr", "smtp_password": "p"}, ["SMTP_USER"]),
        (
            {
                "smtp_host": "s.fr",
                "mail_from": "a@s.fr",
                "smtp_user": "bot",
                "smtp_password": "hunter2",
                "smtp_security": "none",
            },
            ["SMTP_SECURITY"],
        ),
        ({"smtp_host": "https://smtp.exemple.fr"}, ["SMTP_HOST"]),
        ({"smtp_host": "s.fr", "mail_from": "personne"}, ["MAIL_FROM"]),
        ({"smtp_security": "ssl"}, ["SMTP_SECURITY"]),
        ({"smtp_port": "0"}, ["SMTP_PORT"]),
        ({"admin_emails": "claire@exemple.fr, paul"}, ["ADMIN_EMAILS"]),
        ({"web_key": "trop courte"}, ["WEB_KEY"]),
        ({"link_days": "0"}, ["LINK_DAYS"]),
        ({"public_url": "http://bot.exemple.fr"}, ["PUBLIC_URL"]),
        ({"public_url": "https://bot.exemple.fr/chemin"}, ["PUBLIC_URL"]),
        ({"public_url": "https://bot.exemple.fr?a=b"}, ["PUBLIC_URL"]),
        ({"public_url": "https://bot.exemple.fr/"}, []),
        ({"public_url": "http://127.0.0.1:8000"}, []),
        ({"smtp_host": "s.fr", "mail_from": "a@s.fr"}, []),
    ],
)
def test_what_e_mails_need_is_checked_together(given: dict[str, object], named: list[str]) -> None:
    assert problems(**given) == named


def test_secrets_of_e_mails_are_not_shown() -> None:
    key = "k" * 32
    given = {"smtp_host": "s.fr", "mail_from": "a@s.fr", "smtp_user": "bot"}
    settings = Settings.read(_env_file=None, smtp_password="hunter2", web_key=key, **given)  # noqa: S106 - of no server
    assert "hunter2" not in repr(settings)
    assert key not in repr(settings)
    assert "hunter2" not in repr(settings.mail_server())


def test_administrators_are_written_to_by_the_name_that_is_given() -> None:
    given = "Claire Aubert <claire@exemple.fr>; paul@exemple.fr"
    settings = Settings.read(
        _env_file=None, smtp_host="s.fr", mail_from="a@s.fr", admin_emails=given
    )
    assert [(one.name, one.address) for one in settings.admin_emails] == [
        ("Claire Aubert", "claire@exemple.fr"),
        ("paul", "paul@exemple.fr"),
    ]
    assert Settings.read(**settings.model_dump()).admin_emails == settings.admin_emails


@pytest.mark.parametrize(
    "given",
    [
        "claire@exemple.fr\u200b; paul@exemple.fr",
        "\u00ab\u00a0claire@exemple.fr\u00a0\u00bb,\u00a0paul@exemple.fr.",
        "\u201cclaire@exemple.fr\u201d\u00a0; mailto:paul@exemple.fr",
        "claire@exemple.fr paul@exemple.fr",
        "'claire@exemple.fr'\npaul@exemple.fr;",
    ],
)
def test_what_stands_around_the_addresses_of_administrators_is_left_out(given: str) -> None:
    settings = Settings.read(
        _env_file=None, smtp_host="s.fr", mail_from="a@s.fr", admin_emails=given
    )
    addresses = [one.address for one in settings.admin_emails]
    assert addresses == ["claire@exemple.fr", "paul@exemple.fr"]


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_is_the_usual_one_of_the_security(security: str, port: int) -> None:
    given = {"smtp_host": "s.fr", "mail_from": "a@s.fr", "smtp_security": security}
    server = Settings.read(_env_file=None, **given).mail_server()
    assert server is not None
    assert server.port == port
