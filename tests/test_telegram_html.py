"""Telegram's HTML as the checks read it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.preview.formatting import parse
from knowledge.files.telegram_html import ALLOWED, MarkupError, length, plain

PIECES = st.lists(
    st.sampled_from(
        [f"<{tag}>" for tag in sorted(ALLOWED - {"a"})]
        + [f"</{tag}>" for tag in sorted(ALLOWED)]
        + ['<a href="https://exemple.fr">', "<A HREF='tg://user?id=1'>", "<a>", "<br/>", "<b"]
        + [
            "&lt;",
            "&amp;",
            "&#233;",
            "&#x1F600;",
            "&nbsp;",
            "&",
            "<",
            ">",
            '"',
            "=",
            " ",
            "é",
            "😀",
        ]
    ),
    max_size=12,
).map("".join)


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ("<h1>x</h1>", "unknown_tag"),
        ("<br>", "unknown_tag"),
        ('<span class="tg-spoiler">x</span>', "unknown_tag"),
        ("<b>x", "not_closed"),
        ("<b><i>x</i>", "not_closed"),
        ("x</b>", "not_open"),
        ("<b><i>x</b></i>", "not_closed"),
        ("<a>x</a>", "no_link"),
        ('<a href="">x</a>', "no_link"),
        ('<a title="x">x</a>', "no_link"),
        ('<a href="exemple.fr">x</a>', "bad_link"),
        ('<a href="javascript:alert(1)">x</a>', "bad_link"),
        ('<a href="mailto:a@exemple.fr">x</a>', "address_link"),
        ("a < b", "stray"),
        ("1<2", "stray"),
        ("fin <b", "stray"),
        ("<b/>", "stray"),
        ("<!-- note -->", "stray"),
        ("un&nbsp;mot", "unknown_entity"),
        ("caf&eacute;", "unknown_entity"),
        ("&#0;", "unknown_entity"),
        ("&#x110000;", "unknown_entity"),
        ("&#" + "9" * 5000 + ";", "unknown_entity"),
    ],
)
def test_what_telegram_refuses_or_shows_as_it_is_written(markup: str, reason: str) -> None:
    with pytest.raises(MarkupError) as refused:
        plain(markup)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<b>gras</b> et <I>italique</I>", "gras et italique"),
        ('<a href="https://exemple.fr/?a=1&amp;b=2">ici</a>', "ici"),
        ("<a href='http://exemple.fr' >ici</a >", "ici"),
        ("<blockquote expandable>cité</blockquote>", "cité"),
        ('<pre><code class="language-python">x</code></pre>', "x"),
        ("<tg-spoiler>x</tg-spoiler>", "x"),
        ("R&D, AT&T; &lt;3 &#233;&#xE9; > 2", "R&D, AT&T; <3 éé > 2"),
    ],
)
def test_what_telegram_accepts(markup: str, text: str) -> None:
    assert plain(markup) == text


def test_a_length_is_in_utf_16_units_after_the_entities() -> None:
    assert length("<b>&lt;😀&gt;</b>") == 4


@given(PIECES)
def test_what_the_checks_accept_the_preview_accepts_at_the_same_length(markup: str) -> None:
    try:
        size = length(markup)
    except MarkupError:
        return
    shown, _ = parse(f".{markup}.", "HTML")
    assert len(shown.encode("utf-16-le")) // 2 == size + 2


@given(st.text())
def test_any_text_is_read_or_refused(markup: str) -> None:
    with contextlib.suppress(MarkupError):
        assert isinstance(plain(markup), str)
