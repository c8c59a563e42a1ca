"""Telegram's HTML as the preview reads it, and what it finds in texts of any kind."""

import html
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.preview.api_errors import ApiError
from bot.preview.formatting import parse
from knowledge.text.length import units

Place = tuple[str, int, int]


def places(text: str, mode: str | None = "HTML") -> tuple[str, list[Place]]:
    shown, entities = parse(text, mode)
    return shown, [(e["type"], e["offset"], e["length"]) for e in entities]


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        ("b", "bold"),
        ("strong", "bold"),
        ("i", "italic"),
        ("em", "italic"),
        ("u", "underline"),
        ("ins", "underline"),
        ("s", "strikethrough"),
        ("strike", "strikethrough"),
        ("del", "strikethrough"),
        ("code", "code"),
        ("pre", "pre"),
        ("blockquote", "blockquote"),
        ("tg-spoiler", "spoiler"),
        ("B", "bold"),
    ],
)
def test_each_tag_is_an_entity(tag: str, kind: str) -> None:
    assert places(f"a <{tag}>é</{tag}> z") == ("a é z", [(kind, 2, 1)])


@pytest.mark.parametrize(
    ("source", "entity"),
    [
        ('<a href="https://e.fr/?a=1&amp;b=2">x</a>', {"url": "https://e.fr/?a=1&b=2"}),
        ("<a href='https://e.fr'>x</a>", {"url": "https://e.fr"}),
        ('<a href="e.fr/page">x</a>', {"url": "http://e.fr/page"}),
        ('<a href="mailto:x@e.fr">x</a>', {"url": "mailto:x@e.fr"}),
        ('<span class="tg-spoiler">x</span>', {"type": "spoiler"}),
        ("<blockquote expandable>x</blockquote>", {"type": "expandable_blockquote"}),
        ('<tg-emoji emoji-id="5">x</tg-emoji>', {"type": "custom_emoji", "custom_emoji_id": "5"}),
        ('<pre><code class="language-python">x</code></pre>', {"language": "python"}),
        ('<code class="language-python"><pre>x</pre></code>', {"language": "python"}),
        ("<pre><code>x</code></pre>", {"type": "pre"}),
        ("<b title=x>x</b>", {"type": "bold"}),
        ("<b title>x</b>", {"type": "bold"}),
        ('<tg-time unix="5">x</tg-time>', {"type": "date_time", "unix_time": 5}),
        ('<tg-time unix="5" format="wD">x</tg-time>', {"date_time_format": "wD"}),
    ],
)
def test_attributes_that_matter_are_kept(source: str, entity: dict[str, str]) -> None:
    shown, (found,) = parse(source, "HTML")
    assert shown == "x"
    assert found | entity == found


@pytest.mark.parametrize(
    "source",
    [
        '<a href="javascript:alert(1)">x</a>',
        "<a>x</a>",
        "<a href>x</a>",
        '<a href=" e.fr">x</a>',
        "<tg-time>x</tg-time>",
        "<b></b>x",
        '<a href="tg://user?id=5">x</a>',
    ],
)
def test_what_formats_nothing_is_plain(source: str) -> None:
    assert places(source) == ("x", [])


def test_an_address_may_be_its_own_text() -> None:
    (link,) = parse("<a>https://exemple.fr</a>", "HTML")[1]
    assert (link["type"], link["url"]) == ("text_link", "https://exemple.fr")


def test_only_telegram_s_character_entities_are_decoded() -> None:
    assert parse("&lt;&gt;&amp;&quot;&#233;&#xE9;&nbsp;&eacute;&#0;", "HTML")[0] == (
        '<>&"éé&nbsp;&eacute;&#0;'
    )


def test_offsets_count_utf16_units_after_stripping() -> None:
    assert places("  😀 <b>é😀</b> \n") == ("😀 é😀", [("bold", 3, 3)])
    assert places("<b> x </b>") == ("x", [("bold", 0, 1)])
    assert places("a\r\n<b>b</b>\r<i>c</i>") == ("a\nbc", [("bold", 2, 1), ("italic", 3, 1)])


def test_code_holds_no_other_formatting() -> None:
    assert places("<code>/start <b>x</b></code>") == ("/start x", [("code", 0, 8)])


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 0'),
        ("é<br/>", 'Unsupported start tag "br/" at byte offset 2'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("é<b", "Unclosed start tag at byte offset 2"),
        ("<b/>x", 'Unsupported start tag "b/" at byte offset 0'),
        ('<a href="x"/>y</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href", 'Unclosed start tag "a" at byte offset 0'),
        ("é<a href = ", 'Unclosed start tag "a" at byte offset 2'),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<a href=x", "Unclosed start tag at byte offset 0"),
        ("<a href=x/y>z</a>", "Unexpected end of name token at byte offset 8"),
        ('<a ="x">z</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<tg-emoji>x</tg-emoji>", "Invalid custom emoji identifier specified"),
        ('<tg-emoji emoji-id="05">x</tg-emoji>', "Invalid custom emoji identifier specified"),
        ('<tg-time unix="1" format="x">x</tg-time>', "Invalid date format used"),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
    ],
)
def test_bad_html_is_refused_as_telegram_does(source: str, reason: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse(source, "HTML")
    assert refused.value.status == 400
    assert refused.value.description.startswith(f"Bad Request: can't parse entities: {reason}")


def test_of_two_entities_over_the_same_text_the_outer_comes_first() -> None:
    for source, mode in (("<i><b>x</b></i>", "HTML"), ("_*x*_", "MarkdownV2")):
        assert places(source, mode)[1] == [("bold", 0, 1), ("italic", 0, 1)]
    assert places("<b><blockquote>x</blockquote></b>")[1][0][0] == "blockquote"


def test_other_modes_and_broken_characters_are_refused() -> None:
    for text, mode in (("*x*", "MarkdownV3"), ("\ud800", None), ("&#xD800;", "HTML")):
        with pytest.raises(ApiError, match="Bad Request"):
            parse(text, mode)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/start p_3", [("bot_command", 0, 6)]),
        ("/aide@un_bot !", [("bot_command", 0, 12)]),
        ("et/ou 1/2 /", []),
        ("https://exemple.fr/a?b=c.", [("url", 0, 24)]),
        ("voir exemple.fr, www.cnil.fr/x !", [("url", 5, 10), ("url", 17, 13)]),
        ("plan.pdf et a.b", []),
        ("é jean.val@exemple.fr", [("email", 2, 19)]),
        ("@nadia_benali et @x", [("mention", 0, 13)]),
        ("#filière #1", [("hashtag", 0, 8)]),
        ("+33 6 12 34 56 78", [("phone_number", 0, 17)]),
        ("73282932000074", []),
    ],
)
def test_what_telegram_finds_by_itself(text: str, found: list[Place]) -> None:
    assert places(text, None) == (text, found)


def test_what_is_formatted_is_not_found_twice() -> None:
    assert places('<a href="https://e.fr">exemple.fr</a>')[1] == [("text_link", 0, 10)]
    assert places("<b>/aide</b>")[1] == [("bot_command", 0, 5), ("bold", 0, 5)]
    assert places("<b>voir exe</b>mple.fr")[1] == [("bold", 0, 8)]


def test_entities_may_be_given_instead_of_tags() -> None:
    given: list[dict[str, Any]] = [{"type": "bold", "offset": 1, "length": 50}]
    assert parse(" été", entities=given) == ("été", [{"type": "bold", "offset": 0, "length": 3}])


_TAGS = [f"<{end}{tag}>" for tag in ("b", "i", "code", "pre", "blockquote") for end in ("", "/")]
_PIECES = ["é", "😀", " ", "\r", "\n", "&lt;", "&", "<", ">", "/aide", "exemple.fr", '<a href="']
NEAR_HTML = st.lists(st.sampled_from([*_TAGS, *_PIECES, '">', "</a>", "#a"])).map("".join)


@given(st.one_of(st.text(), NEAR_HTML), st.sampled_from(["HTML", None]))
def test_every_text_is_parsed_within_its_bounds_or_refused(text: str, mode: str | None) -> None:
    try:
        shown, entities = parse(text, mode)
    except ApiError:
        return
    assert shown == shown.strip()
    for entity in entities:
        assert 0 <= entity["offset"] < entity["offset"] + entity["length"] <= units(shown)
    code = [e for e in entities if e["type"] in {"code", "pre"}]
    assert all(one is other or _apart(one, other) for one in code for other in code)


def _apart(one: dict[str, int], other: dict[str, int]) -> bool:
    ends = one["offset"] + one["length"], other["offset"] + other["length"]
    return ends[0] <= other["offset"] or ends[1] <= one["offset"]


@given(st.text(st.characters(exclude_categories=["C"])))
def test_an_escaped_text_is_shown_as_it_was(text: str) -> None:
    assert parse(html.escape(text, quote=False), "HTML")[0] == text.strip()
