"""The contact of a project's lead: checked in the files, and shown on no screen of a project."""

import logging
from pathlib import Path

import pytest
from dialogue import Speaker, Stage, buttons
from knowledge_fixtures import PROJECTS
from test_faulty_files import FAQ, codes, folder_of, refusals
from test_put_in_touch import CONTACT, led

from handlers.forms import contacts
from knowledge.curation.diff import differences
from knowledge.loading import load, read_files

SECRETS = (CONTACT.name, CONTACT.email, CONTACT.phone)
LEAD = "chef_de_file: Groupement"
FULL = "{nom: Jeanne Martin, courriel: chef@exemple.fr, telephone: 04 91 11 11 11}"


def with_contact(folder: Path, contact: str, lead: str = LEAD) -> Path:
    """Write the files, whose project has this contact."""
    written = f"{lead}\n    contact_chef_de_file: {contact}"
    projects = PROJECTS.replace("cherche_un_chef_de_file: oui", written)
    assert projects != PROJECTS
    folder.mkdir(exist_ok=True)
    return folder_of(folder, FAQ, projects)


def test_a_contact_is_read(tmp_path: Path) -> None:
    knowledge = load(with_contact(tmp_path, FULL))
    assert [each.lead_contact for each in knowledge.projects] == [CONTACT]
    assert not any(secret in repr(knowledge.projects) for secret in SECRETS)


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        ("{courriel: chef@exemple.fr}", set()),
        ("{telephone: 0491111111}", set()),
        ("{telephone: +33 4 91 11 11 11}", set()),
        ("{nom: Jeanne Martin}", {"contact_without_means"}),
        ("{courriel: chef@exemple}", {"bad_lead_courriel"}),
        ("{courriel: 'a@b.fr, c@d.fr'}", {"bad_lead_courriel"}),
        ("{telephone: 04 91}", {"bad_lead_telephone"}),
        ("{telephone: 04 91 11 11 11 le matin}", {"bad_lead_telephone"}),
        ("{courriel: 'mailto:chef@exemple.fr'}", set()),
        ("{courriel: 'Courriel : <chef@exemple.fr>'}", set()),
        ("{telephone: 'Tél. : 04 91 11 11 11'}", set()),
        ("{telephone: 'Tél. 04 91 11 11 11'}", set()),
        ("{telephone: ''}", {"blank"}),
        # Swapped, or under the other's key: one message for one mistake.
        ("{courriel: 04 91 11 11 11, telephone: chef@exemple.fr}", {"swapped_lead_contact"}),
        ("{courriel: 491111111, telephone: 'mailto:chef@exemple.fr'}", {"swapped_lead_contact"}),
        ("{courriel: 04 91 11 11 11}", {"phone_as_courriel"}),
        ("{courriel: 04 91 11 11 11, telephone: 04 91 11 11 11}", {"phone_as_courriel"}),
        ("{telephone: chef@exemple.fr}", {"courriel_as_phone"}),
        ("{courriel: chef@exemple.fr, telephone: chef@exemple.fr}", {"courriel_as_phone"}),
        ("{courriel: chef@exemple, telephone: 04 91}", {"bad_lead_courriel", "bad_lead_telephone"}),
        # A spreadsheet takes the first 0 away, a copy the sign of the code.
        ("{telephone: 491111111}", {"lead_phone_cut"}),
        ("{telephone: 4 91 11 11 11}", {"lead_phone_cut"}),
        ("{telephone: '41791234567'}", {"lead_phone_cut"}),
        ("{telephone: '33491111111'}", set()),
        ("{telephone: 33 4 91 11 11 11}", set()),
        ("{telephone: '262692112233'}", set()),
        ("{telephone: (0)4 91 11 11 11}", set()),
        ("{telephone: +41 79 123 45 67}", set()),
        ("{telephone: 0041 79 123 45 67}", set()),
        ("{mail: chef@exemple.fr}", {"unknown_key"}),
        ("chef@exemple.fr", {"type"}),
        ("[chef@exemple.fr]", {"type"}),
        ('{nom: "a\\nb", telephone: 0491111111}', {"several_lines"}),
    ],
)
def test_each_fault_is_told_and_never_quotes(
    tmp_path: Path, contact: str, expected: set[str]
) -> None:
    folder = with_contact(tmp_path, contact)
    assert codes(folder) == expected
    for problem in refusals(folder):
        assert not any(said in str(problem) for said in ("chef@", "a@b", "04 91 11", "04 91 ne"))
        assert " → " in str(problem)


def test_a_contact_without_a_lead_is_a_fault(tmp_path: Path) -> None:
    assert "contact_without_lead" in codes(with_contact(tmp_path, FULL, "chef_de_file: null"))


def test_a_difference_tells_that_the_contact_changes_and_quotes_nothing(tmp_path: Path) -> None:
    folders = [
        with_contact(tmp_path / name, contact)
        for name, contact in (("a", FULL), ("b", FULL.replace("chef@", "autre@")))
    ]
    before, after = (read_files(folder, fictitious=False).documents for folder in folders)
    (found,) = differences(before, after)
    assert found.field == "contact_chef_de_file.courriel"
    assert "exemple" not in repr(found)


async def test_no_screen_of_a_project_shows_the_contact_of_its_lead(
    sme: Speaker, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    project = led(stage, CONTACT)
    assert project.lead is not None
    openings = (
        "/projets",
        f"/projets {project.title}",
        f"/start p_{project.id}",
        project.title,
        project.lead,
        "qui est le chef de file ?",
        "comment joindre le chef de file ?",
        *SECRETS,
    )
    for opening in openings:
        await sme.says(opening)
        await walks(sme)
    bot_said = str([each for each in sme.messages() if each["from"]["is_bot"]])
    assert project.lead in bot_said
    assert not any(secret in bot_said for secret in SECRETS)
    assert not any(secret in caplog.text for secret in (CONTACT.name, CONTACT.email))


async def walks(sme: Speaker) -> None:
    """Tap every button of what was just shown."""
    shown = [(message["message_id"], one) for message in sme.new for one in buttons(message)]
    for message_id, one in shown:
        if "callback_data" in one:
            await sme.taps_data(message_id, one["callback_data"])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("chef_de_file: Usine du Rove", set()),
        ("cherche_un_chef_de_file: oui", set()),
        ("cherche_un_chef_de_file: Oui", set()),
        ("cherche_un_chef_de_file: non", set()),
        ("mots_cles: [mise en commun]", set()),
        # As files said until now that a lead is sought; some meant that none is known.
        ("chef_de_file: null", {"blank_lead"}),
        ("chef_de_file:", {"blank_lead"}),
        ("chef_de_file: null\n    cherche_un_chef_de_file: oui", set()),
        ("chef_de_file: Usine\n    cherche_un_chef_de_file: oui", {"lead_and_sought"}),
        ("cherche_un_chef_de_file: peut-être", {"enum"}),
    ],
)
def test_led_sought_and_not_known_are_three_things(
    tmp_path: Path, written: str, expected: set[str]
) -> None:
    assert found(tmp_path, written) == expected


def test_a_lead_among_the_needs_is_asked_about(tmp_path: Path) -> None:
    needs = '"Un chef de file, et des machines."'
    assert found(tmp_path, "mots_cles: []", needs) == {"lead_among_needs"}
    assert found(tmp_path, "cherche_un_chef_de_file: oui", needs) == set()


def found(folder: Path, written: str, needs: str = '"Des machines."') -> set[str]:
    """Return the problems of a project that says this of its lead, and that it needs that."""
    projects = PROJECTS.replace("cherche_un_chef_de_file: oui", written)
    return codes(folder_of(folder, FAQ, projects.replace('"Des machines."', needs)))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("mailto:chef@exemple.fr", "chef@exemple.fr"),
        ("Courriel : <chef@exemple.fr>.", "chef@exemple.fr"),
        ("Tél. : 0692 11 22 33", "+262 692 11 22 33"),
        ("04\u202f91\u202f11\u202f11\u202f11", "04 91 11 11 11"),
        ("33 4 91 11 11 11", "+33 4 91 11 11 11"),
        ("Tél. : 04 91 11 11 11", "04 91 11 11 11"),
        ("04 91 11 11 11 poste 12", "04 91 11 11 11 poste 12"),
        ("0491", "0491"),
        ("", ""),
    ],
)
def test_a_contact_of_a_file_is_read_as_one_of_a_form(written: str, kept: str) -> None:
    assert contacts.as_typed(written) == kept
