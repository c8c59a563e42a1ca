"""Facilitators hide, show and remove answers by a tap, and publish several files as one."""

from pathlib import Path

import pytest
from dialogue import Speaker, Stage
from small_library import (  # noqa: F401 (some are fixtures)
    CHANGED,
    FAQ,
    QUESTIONS,
    decides,
    first_facilitator,
    folder_of_a_test,
    sends_back,
    stage_of_a_test,
    works,
)

from knowledge.curation.versions import version_sets

VOICES = """\
voix:
  - nom: "un soudeur"
    formulations:
      talents:
        - "j'embauche comment"
    hors_sujet: []
"""
HIDDEN = "    brouillon: oui\n    voir_aussi: [mutualisation]\n"
LED_ON = FAQ.replace('    source: "Table ronde"\n', "    voir_aussi: [talents]\n", 1).replace(
    "    voir_aussi: [talents]\n", '    voir_aussi: [talents]\n    source: "Table ronde"\n', 1
)


@pytest.fixture
def colleague(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators, 1)


def written(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.glob("*.yaml")}


async def opens(who: Speaker, title: str) -> None:
    """Open the card of an answer from the list."""
    await who.says("/faq faq.yaml")
    await who.taps("Masquer ou retirer une réponse")
    await who.taps(next(label for label in who.labels if title in label))


async def test_an_answer_is_hidden_tried_and_shown_again(
    facilitator: Speaker, sme: Speaker, folder: Path
) -> None:
    await opens(facilitator, "Partager une machine")
    facilitator.sees("En service", "Oui, entre voisins.")
    await decides(facilitator, "Masquer (brouillon)")
    facilitator.sees("Masqué (brouillon), réponse « Partager une machine »")
    assert "retirez la ligne brouillon" not in facilitator.text
    await decides(facilitator, "Publier")
    facilitator.sees("faq.yaml est publié")
    assert (folder / "faq.yaml").read_text("utf-8").count("    brouillon: oui\n") == 1
    await sme.says("mutualiser un équipement")
    assert "Oui, entre voisins." not in sme.text
    await sme.says("/themes")
    assert "Partager une machine" not in " ".join([sme.text, *sme.labels])
    await opens(facilitator, "Brouillon : Partager une machine")
    facilitator.sees("Brouillon", "personne ne la lit", "Oui, entre voisins.")
    await decides(facilitator, "Mettre en service")
    facilitator.sees("Remis en service, réponse « Partager une machine »")
    await decides(facilitator, "Publier")
    assert (folder / "faq.yaml").read_text("utf-8") == FAQ
    await sme.says("mutualiser un équipement")
    sme.sees("Oui, entre voisins.")


async def test_who_asks_what_is_hidden_is_led_to_the_team(
    facilitator: Speaker, sme: Speaker, folder: Path
) -> None:
    (folder / "formulations.yaml").write_text(VOICES, "utf-8")
    await sends_back(facilitator, FAQ.replace("  - id: talents\n", f"  - id: talents\n{HIDDEN}"))
    await decides(facilitator, "Publier")
    asked = (
        "Comment trouver des salariés ?",
        "Trouver des salariés",
        "bonjour, RECRUTER un soudeure svp",
        "j'embauche comment",
        "Bonjour à tous ! Comment trouver des salariés ? Je dirige une forge à Fos.",
    )
    for question in asked:
        await sme.says(question)
        sme.sees("Je n'ai pas de réponse à cette question", "1. Partager une machine")
        assert "2. " not in sme.text
        assert sme.button("Transmettre")
    await facilitator.says("/tester recruter un soudeur")
    facilitator.sees("est masquée : la question va à l'équipe")


async def test_no_question_goes_wrong_because_its_answer_is_hidden(
    facilitator: Speaker, folder: Path
) -> None:
    await opens(facilitator, "Trouver des salariés")
    await decides(facilitator, "Masquer (brouillon)")
    assert "ne l'aurait plus" not in facilitator.text
    await decides(facilitator, "Publier")
    assert "brouillon: oui" in (folder / "faq.yaml").read_text("utf-8")


async def test_an_answer_is_removed_from_all_files_as_one_and_comes_back_as_one(
    facilitator: Speaker, folder: Path
) -> None:
    (folder / "faq.yaml").write_text(LED_ON, "utf-8")
    (folder / "formulations.yaml").write_text(VOICES, "utf-8")
    before = written(folder)
    await opens(facilitator, "Trouver des salariés")
    await decides(facilitator, "Retirer")
    facilitator.sees("faq.yaml, formulations.yaml, questions.yaml, proposés ensemble")
    facilitator.sees("Retiré, réponse « Trouver des salariés »", "voir aussi")
    facilitator.sees("Retiré, question de contrôle")
    assert (folder / "faq.yaml").read_text("utf-8") == LED_ON
    await decides(facilitator, "Publier")
    facilitator.sees("sont publiés ensemble")
    assert "talents" not in "".join(written(folder).values())
    assert len(version_sets(folder)) == 1
    await facilitator.says("/historique")
    facilitator.sees("1. faq.yaml, formulations.yaml, questions.yaml, le 23 novembre 2026")
    await decides(facilitator, "1. Avant le 23 novembre 2026")
    facilitator.sees("Ajouterait, réponse « Trouver des salariés »")
    await decides(facilitator, "Revenir à cette version")
    await decides(facilitator, "Publier")
    assert written(folder) == before


async def test_a_project_is_hidden_and_closed_from_its_card(
    facilitator: Speaker, folder: Path
) -> None:
    await facilitator.says("/faq projets.yaml")
    await facilitator.taps("Masquer ou clore un projet")
    await facilitator.taps(facilitator.labels[0])
    await decides(facilitator, "Clore le projet")
    facilitator.sees("Clos, projet « ", "ne prend plus de demande à partir du 2026-11-23")
    await decides(facilitator, "Publier")
    assert (folder / "projets.yaml").read_text("utf-8").count("retire_le: 2026-11-23") == 1
    await facilitator.says("/faq projets.yaml")
    await facilitator.taps("Masquer ou clore un projet")
    assert facilitator.labels[0].startswith("1. Retiré : ")


async def test_of_two_who_decide_the_second_changes_nothing(
    facilitator: Speaker, colleague: Speaker, folder: Path
) -> None:
    await opens(facilitator, "Trouver des salariés")
    await decides(facilitator, "Masquer (brouillon)")
    first, hiding = facilitator.button("Publier")
    await opens(colleague, "Trouver des salariés")
    await decides(colleague, "Retirer")
    second, removing = colleague.button("Publier")
    await facilitator.taps_data(first["message_id"], hiding)
    await works(facilitator.stage)
    facilitator.sees("faq.yaml est publié")
    await colleague.taps_data(second["message_id"], removing)
    await works(colleague.stage)
    colleague.sees("ne sont pas publiés : les fichiers ont changé depuis la vérification")
    kept = (folder / "faq.yaml").read_text("utf-8")
    assert "- id: talents\n    brouillon: oui\n" in kept
    assert (folder / "questions.yaml").read_text("utf-8") == QUESTIONS


async def test_files_sent_one_after_the_other_are_one_publication(
    facilitator: Speaker, folder: Path
) -> None:
    asked = QUESTIONS.replace('question: "quelle heure', 'question: "quelle heure donc')
    await sends_back(facilitator, CHANGED)
    message, data = facilitator.button("Publier")
    await sends_back(facilitator, asked, "questions.yaml")
    facilitator.sees("avec faq.yaml, que vous venez d'envoyer", "une seule publication")
    facilitator.sees(
        "faq.yaml, questions.yaml, proposés ensemble", "[entre voisins → et sans frais]"
    )
    await facilitator.taps_data(message["message_id"], data)
    assert "Un autre fichier s'y est ajouté" in facilitator.toast
    assert (folder / "faq.yaml").read_text("utf-8") == FAQ
    await decides(facilitator, "Publier")
    facilitator.sees("faq.yaml, questions.yaml sont publiés ensemble")
    assert (folder / "faq.yaml").read_text("utf-8") == CHANGED
    assert (folder / "questions.yaml").read_text("utf-8") == asked
    assert [each.files for each in version_sets(folder)] == [("faq.yaml", "questions.yaml")]


async def test_a_file_that_needs_the_next_one_is_right_with_it(
    facilitator: Speaker, folder: Path
) -> None:
    added = FAQ + FAQ[FAQ.index("  - id: talents") :].replace("talents", "stages").replace(
        "salariés", "stagiaires"
    ).replace("soudeur", "stagiaire").replace("apprentis", "élèves").replace("personnel", "stage")
    voices = VOICES.replace("talents:", "stages:").replace("embauche", "accueille un élève")
    await sends_back(facilitator, voices, "formulations.yaml")
    facilitator.sees("Refusé")
    await sends_back(facilitator, added)
    facilitator.sees("formulations.yaml, faq.yaml, proposés ensemble")
    await decides(facilitator, "Publier")
    assert (folder / "formulations.yaml").read_text("utf-8") == voices
    assert (folder / "faq.yaml").read_text("utf-8") == added


async def test_a_wrong_file_sent_before_keeps_no_right_one_back(
    facilitator: Speaker, folder: Path
) -> None:
    await sends_back(facilitator, "voix: 1\n", "formulations.yaml")
    await sends_back(facilitator, CHANGED)
    facilitator.sees("formulations.yaml, envoyé juste avant, est laissé de côté")
    await decides(facilitator, "Publier")
    assert (folder / "faq.yaml").read_text("utf-8") == CHANGED
    assert not (folder / "formulations.yaml").exists()


async def test_a_corrected_file_takes_the_place_of_the_one_before(
    facilitator: Speaker, folder: Path
) -> None:
    await sends_back(facilitator, CHANGED.replace("sans frais", "avec frais"))
    await sends_back(facilitator, CHANGED)
    facilitator.sees("faq.yaml, proposé par", "sans frais")
    await decides(facilitator, "Publier")
    assert (folder / "faq.yaml").read_text("utf-8") == CHANGED


async def test_two_facilitators_do_not_mix_their_files(
    facilitator: Speaker, colleague: Speaker, folder: Path
) -> None:
    await sends_back(facilitator, CHANGED)
    await sends_back(colleague, "questions: []\n", "questions.yaml")
    assert "que vous venez d'envoyer" not in colleague.text
    await decides(facilitator, "Publier")
    assert (folder / "questions.yaml").read_text("utf-8") == QUESTIONS
