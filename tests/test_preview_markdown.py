"""Telegram's two Markdowns as the preview reads them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.preview.api_errors import ApiError
from bot.preview.formatting import parse
from bot.preview.markdown import parse_markdown, parse_markdown_v2
from knowledge.text.length import units

Place = tuple[str, int, int]


def places(source: str, mode: str = "MarkdownV2") -> tuple[str, list[Place]]:
    shown, entities = parse(source, mode)
    return shown, [(e["type"], e["offset"], e["length"]) for e in entities]


def reason(source: str, mode: str) -> str:
    with pytest.raises(ApiError) as refused:
        parse(source, mode)
    assert refused.value.status == 400
    before, words = refused.value.description.split(": ", 1)
    assert before == "Bad Request"
    return words.removeprefix("can't parse entities: ")


@pytest.mark.parametrize(
    ("mark", "kind"),
    [
        ("*", "bold"),
        ("_", "italic"),
        ("__", "underline"),
        ("~", "strikethrough"),
        ("||", "spoiler"),
        ("`", "code"),
        ("```", "pre"),
    ],
)
def test_each_mark_is_an_entity(mark: str, kind: str) -> None:
    assert places(f"😀 {mark}é{mark} z") == ("😀 é z", [(kind, 3, 1)])
    name = "PreCode" if kind == "pre" else kind.title()
    end = f"Can't find end of {name} entity at byte offset 4"
    assert reason(f"😀{mark}é z", "MarkdownV2") == end


@pytest.mark.parametrize(("mark", "kind"), [("*", "bold"), ("_", "italic"), ("`", "code")])
def test_each_mark_of_the_former_version_is_an_entity(mark: str, kind: str) -> None:
    assert places(f"é {mark}😀{mark} z", "markdown") == ("é 😀 z", [(kind, 2, 2)])
    end = "Can't find end of the entity starting at byte offset 3"
    assert reason(f"é {mark}😀", "Markdown") == end


@pytest.mark.parametrize("sign", "_*[]()~`>#+-=|{}.!")
def test_a_sign_that_means_something_must_be_escaped(sign: str) -> None:
    assert places(f"a\\{sign}b") == (f"a{sign}b", [])
    if sign not in "_*[~`":
        words = f"Character '{sign}' is reserved and must be escaped with the preceding '\\'"
        assert reason(f"a{sign}b", "MarkdownV2") == words


def test_only_four_signs_are_escaped_in_the_former_version() -> None:
    assert places(r"\_\*\`\[ \. (1.) - x!", "Markdown") == (r"_*`[ \. (1.) - x!", [])


@pytest.mark.parametrize("mode", ["Markdown", "MarkdownV2"])
@pytest.mark.parametrize(
    ("source", "url"),
    [
        ("[x](https://e.fr/?a=1)", "https://e.fr/?a=1"),
        ("[x](e.fr)", "http://e.fr"),
        ("[x](mailto:x@e.fr)", "mailto:x@e.fr"),
        ("[x](javascript:alert)", None),
        ("[x]()", None),
        ("[x]", None),
        ("[x](tg://user?id=5)", None),
    ],
)
def test_addresses_stand_in_round_brackets(mode: str, source: str, url: str | None) -> None:
    shown, entities = parse(source, mode)
    assert shown == "x"
    assert [each["url"] for each in entities] == ([url] if url else [])


@pytest.mark.parametrize("mode", ["Markdown", "MarkdownV2"])
@pytest.mark.parametrize(
    ("source", "shown", "language"),
    [
        ("```python\nx```", "x", "python"),
        ("```python\r\nx```", "x", "python"),
        ("```\nx```", "x", None),
        ("```x```", "x", None),
        ("```python\n\nx```", "x", "python"),
        ("```c x```", "x", "c"),
    ],
)
def test_code_may_name_its_language(
    mode: str, source: str, shown: str, language: str | None
) -> None:
    text, (entity,) = parse(source, mode)
    assert text == shown
    assert (entity["type"], entity.get("language")) == ("pre", language)


def test_entities_stand_within_others_in_the_second_version() -> None:
    assert places("*a _b ~c~_ __d___e_*") == (
        "a b c de",
        [
            ("bold", 0, 8),
            ("italic", 2, 3),
            ("strikethrough", 4, 1),
            ("underline", 6, 1),
            ("italic", 7, 1),
        ],
    )
    assert places("*a _b*", "Markdown") == ("a _b", [("bold", 0, 4)])


def test_a_quote_goes_on_over_lines_and_may_unfold() -> None:
    assert places("a\n>b\n>c\nd") == ("a\nb\nc\nd", [("blockquote", 2, 4)])
    assert places(">b\n>*c*") == ("b\nc", [("blockquote", 0, 3), ("bold", 2, 1)])
    assert places(">b||\nd") == ("b\nd", [("expandable_blockquote", 0, 2)])
    assert places(">b||") == ("b", [("expandable_blockquote", 0, 1)])
    assert places(">b\n**>c") == ("b\nc", [("blockquote", 0, 2), ("blockquote", 2, 1)])
    assert reason(">*b\nc*", "MarkdownV2") == "Can't find end of Bold entity at byte offset 1"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("[é](e.fr", "Can't find end of a URL at byte offset 5"),
        ("[é](e.fr\\)", "Can't find end of a URL at byte offset 5"),
        ("![x]", "The entity must contain a tg://emoji or tg://time URL"),
        ("![x](tg://emoji?id=x)", "Invalid tg://emoji or tg://time URL specified"),
        ("![x](tg://time?unix=5&format=x)", "Invalid tg://emoji or tg://time URL specified"),
        ("![x](tg://time?format=d)", "Invalid tg://emoji or tg://time URL specified"),
        ("__é_", "Can't find end of Italic entity at byte offset 4"),
        ("[é", "Can't find end of TextUrl entity at byte offset 0"),
        ("![é", "Can't find end of CustomEmoji entity at byte offset 0"),
    ],
)
def test_what_has_no_end_is_refused_with_its_place(source: str, words: str) -> None:
    assert reason(source, "MarkdownV2") == words


def test_emoji_and_dates_have_addresses() -> None:
    (emoji,) = parse("![x](tg://emoji?id=5)", "MarkdownV2")[1]
    assert (emoji["type"], emoji["custom_emoji_id"]) == ("custom_emoji", "5")
    (date,) = parse("![x](tg://time?unix=5&format=wD)", "MarkdownV2")[1]
    assert (date["type"], date["unix_time"], date["date_time_format"]) == ("date_time", 5, "wD")


_PIECES = [
    *"_*[]()~`>#|!.\\",
    "__",
    "||",
    "```",
    "![",
    "](e.fr)",
    "\r",
    "\n",
    "\n>",
    "é",
    "😀",
    "a ",
]
NEAR_MARKDOWN = st.lists(st.sampled_from(_PIECES), max_size=30).map("".join)


@given(st.one_of(st.text(), NEAR_MARKDOWN), st.sampled_from(["Markdown", "MarkdownV2"]))
def test_every_text_is_read_within_its_bounds_or_refused(source: str, mode: str) -> None:
    try:
        shown, entities = parse(source, mode)
    except ApiError:
        return
    for entity in entities:
        assert 0 <= entity["offset"] < entity["offset"] + entity["length"] <= units(shown)


@given(st.text(st.characters(exclude_categories=["C"])))
def test_an_escaped_text_is_shown_as_it_was(text: str) -> None:
    escaped = re.sub(r"([_*\[\]()~`>#+=|{}.!\\-])", r"\\\1", text)
    assert parse_markdown_v2(escaped) == (text, [])
    # In the former version, a backslash before a mark cannot be written.
    former = re.sub(r"([_*`\[])", r"\\\1", text.replace("\\", ""))
    assert parse_markdown(former) == (text.replace("\\", ""), [])
