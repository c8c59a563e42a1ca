"""Each person is answered in the language they write in or chose; the team reads French."""

from datetime import UTC, datetime

from dialogue import Speaker

from handlers.messages import Catalogue, language, moment, speaking


def test_a_message_is_said_in_the_language_of_the_block() -> None:
    text = Catalogue.of("paging")
    french = text.label("next")
    with speaking("en"):
        assert language() == "en"
        english = text.label("next")
    assert language() == "fr"
    assert text.label("next") == french != english


def test_what_has_no_english_is_french_through_and_through() -> None:
    at = datetime(2026, 11, 23, 13, 5, tzinfo=UTC)
    assert moment(at) == "23 novembre 2026, 14:05"
    assert moment(at, "en") == "23 November 2026, 14:05"
    text = Catalogue.of("administration")
    with speaking("en"):
        interest = {"number": 7, "status": "taken", "owner_name": "A", "taken_at": at}
        said = text.label("too_late_take", interest=interest, standing="", handed=False)
    # The date is French too.
    assert "23 novembre" in said


async def test_a_tap_is_answered_in_the_language_of_what_was_typed_before(sme: Speaker) -> None:
    await sme.says("Who can take part in the projects?")
    await sme.says("/projets")
    sme.sees("Open projects")
    await sme.says("qui peut participer ?")
    await sme.says("/projets")
    sme.sees("Projets ouverts")
