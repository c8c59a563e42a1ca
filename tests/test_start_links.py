"""Links into the bot: what is written is read back, and nothing else is."""

import re
from string import ascii_lowercase, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.start_links import LONGEST, LinkKind, Source, Start, link_to, parameter_of, parsed

PASSED_ON = re.compile(r"[A-Za-z0-9_-]{0,64}")
WORDS = st.text(ascii_lowercase + digits, min_size=1, max_size=70)
IDS = st.lists(WORDS, min_size=1, max_size=4).map("-".join) | st.text(min_size=1)
SUBJECTS = st.sampled_from([LinkKind.PROJECT, LinkKind.ANSWER])
SOURCES = st.sampled_from(Source)


@given(SUBJECTS, IDS, SOURCES)
def test_what_is_written_is_read_back(kind: LinkKind, id_: str, source: Source) -> None:
    parameter = parameter_of(kind, id_, source)
    assert PASSED_ON.fullmatch(parameter)
    start = parsed(parameter)
    assert start is not None
    assert (start.kind, start.source) == (kind, source)
    assert start.among(["other", id_]) == id_
    assert start.among(["other"]) == ("other" if id_ == "other" else None)


@given(st.lists(IDS, min_size=2, max_size=5, unique=True), SUBJECTS, SOURCES)
def test_no_two_things_share_a_link(ids: list[str], kind: LinkKind, source: Source) -> None:
    assert len({parameter_of(kind, each, source) for each in ids}) == len(ids)


@given(st.text(alphabet="pqhH_-aiswz0x", max_size=70) | st.text())
def test_whatever_comes_is_read_or_refused_and_never_fails(parameter: str) -> None:
    start = parsed(parameter)
    if start is not None and start.kind is not LinkKind.HOME and not start.id.startswith("H"):
        again = parameter_of(start.kind, start.id, start.source)
        # Only the letter of a source that is not known is lost.
        assert parameter == again or (start.source is Source.LINK and parameter[:-2] == again)


@pytest.mark.parametrize("source", Source)
def test_home_has_a_link_of_each_source(source: Source) -> None:
    parameter = parameter_of(LinkKind.HOME, source=source)
    assert parsed(parameter or "h") == Start(LinkKind.HOME, source=source)


@pytest.mark.parametrize(
    ("parameter", "start"),
    [
        # As printed by earlier versions, and by this one: none may ever be read otherwise.
        ("p_mutualisation-ressources", Start(LinkKind.PROJECT, "mutualisation-ressources")),
        ("p_usinage_a", Start(LinkKind.PROJECT, "usinage", Source.POSTER)),
        ("p_usinage-a", Start(LinkKind.PROJECT, "usinage-a")),
        ("q_presentation_w", Start(LinkKind.ANSWER, "presentation", Source.PAGE)),
        ("q_presentation_i", Start(LinkKind.ANSWER, "presentation", Source.INLINE)),
        ("q_presentation_s", Start(LinkKind.ANSWER, "presentation", Source.SHARED)),
        ("h_a", Start(LinkKind.HOME, source=Source.POSTER)),
        ("p_usinage_z", Start(LinkKind.PROJECT, "usinage")),
        *[
            (forged, None)
            for forged in (
                *("", "bonjour", "p_", "p_A", "p__a", "p_a-", "p_-a", "p_a_", "p_a_a_a", "p_a_aa"),
                *("r_usinage", "P_usinage", "p_usinage\n", "p_é", "p_H0", "h_", "hh", "q-a"),
                f"p_{'a' * LONGEST}",
            )
        ],
    ],
)
def test_a_printed_link_keeps_its_meaning(parameter: str, start: Start | None) -> None:
    assert parsed(parameter) == start


def test_an_address_names_the_bot() -> None:
    assert link_to("ti_bot", LinkKind.PROJECT, "usinage", Source.POSTER) == (
        "https://t.me/ti_bot?start=p_usinage_a"
    )
    assert link_to("ti_bot", LinkKind.HOME) == "https://t.me/ti_bot"
