"""Links of e-mails: only what was made here opens a request, and only as long as it says."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.page_links import BadLinkError, ExpiredLinkError, PageLinks

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
KEY = b"a key of these tests, long enough"
LINKS = PageLinks("https://bot.exemple.fr/", KEY, timedelta(days=14))


def token_of(interest_id: int = 42, address: str = "claire@exemple.fr") -> str:
    return LINKS.to_request(interest_id, address, NOW).rpartition("/")[2]


@given(st.integers(0, 2**63 - 1), st.emails())
def test_a_link_says_what_was_put_into_it(interest_id: int, address: str) -> None:
    link = LINKS.read(token_of(interest_id, address), NOW)
    assert (link.interest_id, link.recipient) == (interest_id, LINKS.recipient(address))
    assert link.until == NOW + timedelta(days=14)


def test_a_link_names_nobody() -> None:
    url = LINKS.to_request(42, "claire@exemple.fr", NOW)
    assert url.startswith("https://bot.exemple.fr/demande/")
    whole = base64.urlsafe_b64decode(token_of() + "=")
    assert b"claire" not in whole.lower()
    assert b"exemple" not in whole


def test_a_link_ends() -> None:
    token = token_of()
    assert LINKS.read(token, NOW + timedelta(days=13, hours=23)).interest_id == 42
    with pytest.raises(ExpiredLinkError):
        LINKS.read(token, NOW + timedelta(days=14))


@given(st.integers(0, 46), st.characters(codec="ascii"))
def test_no_sign_of_a_link_may_change(place: int, sign: str) -> None:
    token = token_of()
    forged = token[:place] + sign + token[place + 1 :]
    if forged != token:
        with pytest.raises(BadLinkError):
            LINKS.read(forged, NOW)


@given(st.text(max_size=60))
def test_what_is_no_link_is_refused(text: str) -> None:
    with pytest.raises(BadLinkError):
        LINKS.read(text, NOW)
    with pytest.raises(BadLinkError):
        LINKS.seen(text, token_of(), "take")


def test_another_key_makes_other_links() -> None:
    other = PageLinks("https://bot.exemple.fr", KEY + b"!", timedelta(days=14))
    with pytest.raises(BadLinkError):
        other.read(token_of(), NOW)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants them so
def test_a_form_is_of_one_act_of_one_page_at_one_moment(seen: datetime) -> None:
    token = token_of()
    form = LINKS.form(token, "take", seen)
    assert LINKS.is_of(LINKS.seen(form, token, "take"), seen)
    assert not LINKS.is_of(LINKS.seen(form, token, "take"), seen + timedelta(microseconds=1))
    for other_token, act in ((token, "close"), (token_of(43), "take")):
        with pytest.raises(BadLinkError):
            LINKS.seen(form, other_token, act)
