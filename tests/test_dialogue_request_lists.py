"""/demandes and /demande: counts, lists, pages, one request by its number, a firm by its name."""

import pytest
from dialogue import Speaker, Stage, inside
from sqlalchemy import insert, select, update
from test_dialogue_handoff import replies
from test_dialogue_interest import registers
from test_dialogue_moves import refuses, takes

from handlers.administration.firm_search import alike
from handlers.administration.lists import By, ListOffice
from storage.engine.schema import interests, people
from storage.records.deadlines import DeadlineKind
from storage.records.lifecycle import Status


@pytest.fixture
def second(stage: Stage) -> Speaker:
    """Another administrator, in the same group."""
    return stage.member(stage.messenger.administrators, 1)


async def several(stage: Stage, count: int) -> None:
    """Add so many copies of the first request, each of a person of its own, a day apart."""
    async with stage.running.parts.database.begin() as work:
        connection = inside(work.outbox, "connection")
        (first,) = (await connection.execute(select(interests))).mappings()
        for number in range(2, count + 2):
            stage.clock.passes(days=1)
            now = stage.clock()
            person = {"id": 900 + number, "telegram_id": 5000 + number}
            await connection.execute(
                insert(people).values(**person, created_at=now, last_seen_at=now)
            )
            copy = dict(first) | {"id": 100 + number, "number": f"TI-2026-{number:04d}"}
            copy |= {"person_id": person["id"], "created_at": now, "company": f"Usinage {number}"}
            await connection.execute(insert(interests).values(**copy))


async def test_without_requests_the_list_says_so(administrator: Speaker) -> None:
    await administrator.says("/demandes")
    administrator.sees("Il n'y en a encore aucune")
    assert administrator.labels == []


async def test_counts_first_then_lists(
    sme: Speaker, other_sme: Speaker, stage: Stage, administrator: Speaker, second: Speaker
) -> None:
    await registers(sme, stage)
    await registers(other_sme, stage, 1)
    await takes(administrator)
    await administrator.says("/demandes")
    administrator.sees("À prendre en charge : 1", "Prises en charge : 1")
    assert "Closes" not in administrator.text
    await administrator.taps("Les miennes (1)")
    administrator.sees(f"En charge de {administrator.user.name} : 1", "TI-2026-0002")
    assert "TI-2026-0001" not in administrator.text
    # No firm is named: such a message could not be blanked for one of them.
    assert "Delta" not in administrator.text
    await administrator.taps("‹ Toutes les demandes")
    await administrator.taps("Les plus anciennes d'abord")
    assert administrator.text.index("TI-2026-0001") < administrator.text.index("TI-2026-0002")
    await administrator.taps("‹ Toutes les demandes")
    await administrator.taps("Par projet")
    project = stage.knowledge.census.listed(stage.running.parts.services.today())[0]
    await administrator.taps(project.title[:20])
    administrator.sees("TI-2026-0001")
    await administrator.taps("‹ Toutes les demandes")
    await administrator.taps("Par personne")
    await administrator.taps(f"{administrator.user.name} (1)")
    administrator.sees("TI-2026-0002")
    await second.says("/demandes")
    assert not [label for label in second.labels if "miennes" in label]


async def test_a_long_list_has_pages_in_a_stable_order(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await several(stage, 11)
    await administrator.says("/demandes")
    await administrator.taps("À prendre en charge (12)")
    seen = []
    for page in (1, 2, 3):
        administrator.sees(f"page {page} sur 3")
        seen += [
            f"TI-2026-{n:04d}" for n in range(1, 13) if f"TI-2026-{n:04d}" in administrator.text
        ]
        if page < 3:
            await administrator.taps("Suivant ›")
    assert seen == [f"TI-2026-{number:04d}" for number in range(1, 13)]
    administrator.sees("Reçue aujourd'hui", "Reçue il y a 1 jour")
    # A page that is gone by now is the nearest one.
    message = administrator.new[-1]["message_id"]
    await administrator.taps_data(message, ListOffice(By.STATUS, "received", 40).pack())
    await administrator.taps_data(message, ListOffice(By.STATUS, "taken", 2).pack())
    administrator.sees("Prises en charge : 0", "Aucune")


@pytest.mark.parametrize(
    "typed",
    ["/demande 1", "/demande TI-2026-0001", "/demande 2026-1", "/demande@{bot} 1", "/demande n° 1"],
)
async def test_one_request_by_its_number(
    sme: Speaker, stage: Stage, administrator: Speaker, typed: str
) -> None:
    number = await registers(sme, stage)
    bot = stage.running.parts.services.bot_username
    await administrator.says(typed.format(bot=bot))
    administrator.sees(number, "Mécanique du Delta")
    assert administrator.labels == ["Détails", "Pris en charge", "Suite…"]


async def test_a_card_and_the_notification_show_the_same_after_a_move(
    sme: Speaker, stage: Stage, administrator: Speaker, second: Speaker
) -> None:
    await registers(sme, stage)
    notification = administrator.messages()[-1]["message_id"]
    await second.says("/demande 1")
    await second.taps("Pris en charge")
    shown = {m["message_id"]: m["text"] for m in second.messages()}
    card = shown.pop(second.messages()[-1]["message_id"])
    assert "Prise en charge par" in card
    assert "Prise en charge par" in shown[notification]
    # The firm may erase everything: both are blanked.
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert "Delta" not in str(administrator.messages())


async def test_the_deleted_card_of_a_request_takes_no_other_message(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await administrator.says("/demande 1")
    card = administrator.new[-1]["message_id"]
    await administrator.says("/demande 1")
    other = administrator.new[-1]
    gone = "Bad Request: message to edit not found"
    stage.messenger.faults.next("editMessageText", status=400, description=gone)
    await administrator.taps_data(card, "am:1:0")
    administrator.sees("TI-2026-0001")
    (same,) = [m for m in administrator.messages() if m["message_id"] == other["message_id"]]
    assert same["reply_markup"] == other["reply_markup"]


async def test_what_is_due_next_stands_on_the_card(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    async with stage.running.parts.database.begin() as work:
        await work.deadlines.drop(1)
        await work.deadlines.plan(1, DeadlineKind.UNTAKEN, stage.clock())
    await administrator.says("/demande 1")
    administrator.sees("Prochaine échéance : rappel à ce groupe, le 23 novembre 2026")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/demande", "Quelle demande ?"),
        ("/demande bonjour", "Quelle demande ?"),
        ("/demande 99", "Il n'y a pas de demande 99"),
        ("/demande 999999999999999999999999", "Quelle demande ?"),
        ("/demande TI-2025-0001", "Il n'y a pas de demande TI-2025-0001"),
    ],
)
async def test_a_number_that_names_none_is_said(
    sme: Speaker, stage: Stage, administrator: Speaker, typed: str, said: str
) -> None:
    await registers(sme, stage)
    await administrator.says(typed)
    administrator.sees(said)


async def test_an_erased_request_is_shown_to_nobody(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await administrator.says("/demandes")
    await administrator.taps("À prendre en charge (1)")
    message, data = administrator.button("TI-2026-0001")
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    await administrator.taps_data(message["message_id"], data)
    assert "a été effacée" in administrator.toast
    await administrator.says("/demande 1")
    administrator.sees("Il n'y a pas de demande 1")
    await administrator.says("/demandes")
    administrator.sees("Il n'y en a encore aucune")


@pytest.mark.parametrize(
    "typed", ["/demandes Mécanique du Delta", "/demandes delta", "/demandes mecanique du dleta"]
)
async def test_a_firm_is_found_by_its_name(
    sme: Speaker, stage: Stage, administrator: Speaker, typed: str
) -> None:
    await registers(sme, stage)
    await administrator.says(typed)
    administrator.sees("TI-2026-0001", "Mécanique du Delta")


async def test_several_requests_of_a_firm_are_a_list(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await several(stage, 3)
    await administrator.says("/demandes usinage")
    administrator.sees("Demandes d'une entreprise de ce nom", "TI-2026-0002", "TI-2026-0004")
    # The name and the person tell one firm from another of nearly the same name.
    administrator.sees("Usinage 2, Samira Costa", "Usinage 4, Samira Costa")
    await administrator.says("/demandes Fonderie Lambert")
    administrator.sees("Aucune demande d'une entreprise de ce nom")


async def test_the_list_of_a_search_is_blanked_with_one_of_its_firms(
    sme: Speaker, other_sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await registers(other_sme, stage, 1)
    await administrator.says("/demandes delta")
    administrator.sees("Mécanique du Delta", "TI-2026-0001", "TI-2026-0002")
    await other_sme.says("/supprimer")
    await other_sme.taps("Oui, tout effacer")
    administrator.received("une entreprise qui a fait effacer ses données")
    assert "Demandes d'une entreprise de ce nom" not in str(administrator.messages())


async def test_where_contacts_are_private_a_search_names_nobody(
    sme: Speaker, other_sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await stage.stops()
    stage.overrides["admin_details"] = "private"
    await stage.starts()
    await registers(sme, stage)
    await registers(other_sme, stage, 1)
    await administrator.says("/demandes delta")
    administrator.sees("TI-2026-0001", "TI-2026-0002")
    assert "Delta" not in administrator.text
    assert "Costa" not in administrator.text


async def test_no_list_has_more_buttons_than_a_phone_shows(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await several(stage, 13)
    async with stage.running.parts.database.begin() as work:
        connection = inside(work.outbox, "connection")
        for number, status in enumerate(Status, 102):
            for id_ in (number, number + 6):
                changes: dict[str, object] = {
                    "status": status,
                    "project_id": f"p{id_}",
                    "project_title": f"P {id_}",
                }
                changes |= {"owner_id": id_, "owner_name": f"N {id_}"}
                await connection.execute(
                    update(interests).where(interests.c.id == id_).values(**changes)
                )
            mine = {"owner_id": administrator.user.id, "status": Status.TAKEN}
            await connection.execute(update(interests).where(interests.c.id == 1).values(**mine))
    await administrator.says("/demandes")
    assert len(administrator.labels) <= 6
    for name in ("À prendre en charge (", "Les miennes (1)"):
        assert any(label.startswith(name) for label in administrator.labels)
    await administrator.taps("Autres listes")
    assert len(administrator.labels) <= 7
    seen = set()
    for way in ("Par projet", "Par personne"):
        await administrator.taps(way)
        administrator.sees("page 1 sur 2")
        assert len(administrator.labels) <= 7
        seen |= {label[:2] for label in administrator.labels}
        await administrator.taps("Suivant ›")
        seen |= {label[:2] for label in administrator.labels}
        await administrator.taps("‹ Toutes les demandes")
        await administrator.taps("Autres listes")
    assert {"P ", "N "} <= seen
    await administrator.taps("Closes (2)")
    administrator.sees("Closes : 2")
    # A button of before there were pages.
    message = administrator.new[-1]["message_id"]
    await administrator.taps_data(message, "ak:p")
    administrator.sees("page 1 sur 2")


def test_names_are_alike_where_a_letter_or_two_are_wrong() -> None:
    firms = [
        (1, "Chaudronnerie Olivier"),
        (2, "Benali Usinage"),
        (3, "SARL Dupont & fils"),
        (4, ""),
    ]
    assert alike("dupond", firms) == (3,)
    assert alike("chaudronerie olivie", firms) == (1,)
    assert alike("benali", firms) == (2,)
    assert alike("boulangerie", firms) == ()


async def test_a_number_in_a_sentence_to_the_bot(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    number = await registers(sme, stage)
    bot = stage.running.parts.services.bot_username
    await administrator.says(f"@{bot} où en est la demande 1 ?")
    administrator.sees(number, "Mécanique du Delta")
    await administrator.says("/demandes")
    await replies(administrator, "Et TI-2026-0001 ?", administrator.new[-1])
    administrator.sees(number, "Mécanique du Delta")
    await administrator.says(f"Merci @{bot}")
    administrator.sees("Je n'ai pas reconnu de numéro de demande")
    # Colleagues talk among themselves.
    await administrator.says("Qui a la demande 1 ?")
    assert administrator.new == []


async def test_a_command_typed_in_the_wrong_group_is_answered_with_the_right_one(
    stage: Stage, administrator: Speaker
) -> None:
    facilitator = stage.member(stage.messenger.facilitators)
    for typed in ("/demandes", "/demande 1"):
        await facilitator.says(typed)
        facilitator.sees("dans le groupe des administrateurs")
    await administrator.says("/sansreponse")
    administrator.sees("dans le groupe des facilitateurs")
    await administrator.says("/quoi")
    administrator.sees("Je n'ai pas de commande /quoi", "/aide")
    await administrator.says("/quoi@un_autre_bot")
    assert administrator.new == []
    await administrator.says("/aide")
    administrator.sees("/demandes", "/demande 42", "Mettre en relation", "Suite…")


async def test_what_was_refused_is_listed_as_such(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    await refuses(administrator)
    await administrator.says("/demandes")
    await administrator.taps("Refusées (1)")
    administrator.sees("TI-2026-0001, refusée")
