"""Forms: nothing typed beside a value is dropped, and what names two choices is asked again."""

import pytest
from dialogue import Speaker, Stage
from sqlalchemy import select
from test_dialogue_interest import begins, number_of_led

from storage.engine.schema import drafts, interests

NUMBER = "+33 6 12 34 56 78"


async def answers(stage: Stage) -> dict[str, str]:
    ((found,),) = await stage.rows(select(drafts.c.answers))
    assert isinstance(found, dict)
    return found


async def to_contact(sme: Speaker, stage: Stage, kind: str = "2") -> None:
    await begins(sme, stage)
    await sme.says("Mécanique du Delta")
    await sme.says("Samira Costa")
    if kind:
        await sme.says(kind)


async def to_role(sme: Speaker, stage: Stage) -> None:
    await to_contact(sme, stage)
    await sme.says("06 12 34 56 78")


BESIDE = {
    "0612345678, après 18h svp": (NUMBER, "après 18h svp"),
    "c'est le 06 12 34 56 78 demandez Paul": (NUMBER, "demandez Paul"),
    "06 12 34 56 78 poste 12": (NUMBER, "poste 12"),
    "06 12 34 56 78 ou 07 98 76 54 32": (NUMBER, "ou 07 98 76 54 32"),
    "samira.costa@exemple.fr mais plutôt le matin": (
        "samira.costa@exemple.fr",
        "mais plutôt le matin",
    ),
    "06 12 34 56 78, c'est possible le soir ?": (NUMBER, "c'est possible le soir ?"),
    "mon numéro 06 12 34 56 78 merci": (NUMBER, ""),
}


@pytest.mark.parametrize("typed", BESIDE)
@pytest.mark.parametrize("kind", ["", "2", "3"])
async def test_the_words_around_a_contact_reach_the_team(
    typed: str, kind: str, sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    contact, note = BESIDE[typed]
    await to_contact(sme, stage, kind)
    await sme.says(typed)
    for _ in range(3):
        await sme.says("Passer")
    sme.sees(contact, f"Remarque : {note}" if note else "Souhait : non précisé")
    await sme.says("oui")
    rows = await stage.rows(select(interests.c.contact, interests.c.contact_note))
    assert rows == [(contact, note or None)]
    await administrator.taps("Détails")
    administrator.sees(contact, *([f"Remarque sur le contact : {note}"] if note else []))


async def test_the_remark_can_be_changed_and_taken_out(sme: Speaker, stage: Stage) -> None:
    await to_contact(sme, stage)
    await sme.says("0612345678, après 18h svp")
    for _ in range(3):
        await sme.says("Passer")
    await sme.taps("Modifier une réponse")
    await sme.taps("La remarque sur le contact")
    sme.sees("après 18h svp")
    await sme.says("avant midi")
    sme.sees("Remarque : avant midi")
    await sme.taps("Modifier une réponse")
    await sme.taps("La remarque sur le contact")
    await sme.says("Passer")
    assert "Remarque" not in sme.text
    # It counts among the questions of the form at no time.
    await sme.taps("Modifier une réponse")
    assert "Question" not in sme.text


async def test_of_two_numbers_that_of_the_chosen_kind_is_taken(sme: Speaker, stage: Stage) -> None:
    await to_contact(sme, stage, "3")
    await sme.says("06 12 34 56 78 ou samira.costa@exemple.fr")
    found = await answers(stage)
    assert found["contact"] == "samira.costa@exemple.fr"
    assert found["contact_note"] == "06 12 34 56 78 ou"


async def test_a_number_typed_at_the_notice_or_the_recap_is_an_answer(
    sme: Speaker, stage: Stage
) -> None:
    await sme.says("/proposer")
    await sme.says("mon numéro est le 06 12 34 56 78")
    assert (await answers(stage))["contact"] == NUMBER
    sme.sees("Que proposez-vous")
    await sme.says("2, un tour libre à Vitrolles")
    await sme.says("Mécanique du Delta")
    await sme.says("Samira Costa")
    sme.sees("Récapitulatif", NUMBER, "un tour libre à Vitrolles")
    await sme.says("non plutôt le 07 98 76 54 32")
    sme.sees("Récapitulatif", "+33 7 98 76 54 32", "plutôt")


CHOICES = {
    "2 mais pas avant juin": ("lead", "mais pas avant juin"),
    "1. nous avons un four": ("participate", "nous avons un four"),
    "participer": ("participate", None),
    "nous voulons participer dès mars": ("participate", "nous voulons participer dès mars"),
    "je veux être chef de file svp": ("lead", None),
    "learn more": ("learn", None),
}


@pytest.mark.parametrize("typed", CHOICES)
async def test_what_is_said_beside_a_choice_becomes_the_message(
    typed: str, sme: Speaker, stage: Stage
) -> None:
    await to_role(sme, stage)
    await sme.says(typed)
    found = await answers(stage)
    assert (found["role"], found.get("message")) == CHOICES[typed]


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("participer et être chef de file", ("Participer au projet", "Être chef de file")),
        ("1 et 3", ("Participer au projet", "En savoir plus")),
        ("les deux", ("Participer au projet", "Être chef de file")),
    ],
)
async def test_two_choices_are_asked_again_with_both_named(
    typed: str, named: tuple[str, str], sme: Speaker, stage: Stage
) -> None:
    await to_role(sme, stage)
    await sme.says(typed)
    sme.sees("plusieurs réponses", *(f"« {name} »" for name in named), "Le reste est gardé")
    assert "role" not in await answers(stage)


@pytest.mark.parametrize("typed", ["je ne veux pas participer", "2 tours et 3 fours", "patron"])
async def test_what_names_no_choice_is_asked_again(typed: str, sme: Speaker, stage: Stage) -> None:
    await to_role(sme, stage)
    await sme.says(typed)
    sme.sees("tapez 1, 2 ou 3")
    assert "role" not in await answers(stage)


async def test_a_choice_that_is_not_offered_is_refused_in_a_sentence_too(
    sme: Speaker, stage: Stage
) -> None:
    await begins(sme, stage, number_of_led(stage))
    for typed in ("Mécanique du Delta", "Samira Costa", "06 12 34 56 78"):
        await sme.says(typed)
    await sme.says("je veux être chef de file")
    sme.sees("déjà un chef de file")


async def test_the_words_around_a_siret_are_added_to_the_message(
    sme: Speaker, stage: Stage
) -> None:
    await to_role(sme, stage)
    await sme.says("1")
    await sme.says("Nous avons un tour.")
    await sme.says("mon siret est 732 829 320 00074, siège à Aix")
    sme.sees("Récapitulatif", "SIRET : 73282932000074", "Nous avons un tour.", "siège à Aix")


@pytest.mark.parametrize("way", ["tap", "typed"])
@pytest.mark.parametrize("corrects", [True, False])
async def test_a_slip_in_the_domain_is_asked_about_once(
    way: str, *, corrects: bool, sme: Speaker, stage: Stage
) -> None:
    await to_contact(sme, stage, "3")
    await sme.says("samira.costa@gmial.com, le matin")
    sme.sees("Avez-vous voulu dire samira.costa@gmail.com ?", "samira.costa@gmial.com")
    label = "Oui, corriger" if corrects else "Non, garder"
    typed = "oui" if corrects else "non"
    await (sme.taps(label) if way == "tap" else sme.says(typed))
    sme.sees("Que souhaitez-vous")
    found = await answers(stage)
    assert found["contact"] == f"samira.costa@{'gmail' if corrects else 'gmial'}.com"
    assert found["contact_note"] == "le matin"


async def test_another_address_typed_instead_of_a_yes_is_taken(sme: Speaker, stage: Stage) -> None:
    await to_contact(sme, stage, "3")
    await sme.says("samira.costa@gmial.com")
    await sme.says("samira@exemple.fr")
    assert (await answers(stage))["contact"] == "samira@exemple.fr"
    sme.sees("Que souhaitez-vous")


async def test_the_domain_of_a_firm_is_never_doubted(sme: Speaker, stage: Stage) -> None:
    await to_contact(sme, stage, "3")
    await sme.says("samira@mecanique-delta.fr")
    sme.sees("Que souhaitez-vous")
