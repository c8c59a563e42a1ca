"""Facilitators change what the bot knows from Telegram; nobody else does."""

import threading
from pathlib import Path
from typing import Any

import pytest
from dialogue import TIMEOUT_SECONDS, Message, Speaker, Stage, inside, put_inside, tune
from small_library import (  # noqa: F401 (some are fixtures)
    BROKEN,
    CHANGED,
    FAQ,
    decides,
    first_facilitator,
    folder_of_a_test,
    library_of,
    sends_back,
    small_folder,
    stage_of_a_test,
    staged_library,
    until,
    works,
)

from bot.content import busy_sign
from bot.content.change_requests import ExaminedChange, examined
from bot.preview.server import PreviewServer, running
from handlers.core import caps
from handlers.curation.publish import TEXT
from knowledge.curation.versions import PUBLISHABLE, publish, versions
from knowledge.ranking.model_store import ModelStore
from storage.engine.schema import publications
from storage.records.change_requests import ChangeKind, ChangeState, NewChangeRequest
from storage.subject import Kind, Subject


@pytest.fixture
def colleague(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators, 1)


def documents(who: Speaker) -> dict[str, bytes]:
    """Return the files that were sent in the last answer, by name."""
    return {
        one["document"]["file_name"]: who.stage.messenger.file(one["document"]["file_id"])
        for one in who.new
        if "document" in one
    }


async def test_the_current_files_are_sent_as_they_are(facilitator: Speaker, folder: Path) -> None:
    await facilitator.says("/faq")
    names = {"faq.yaml", "projets.yaml", "actes.yaml", "questions.yaml"}
    assert documents(facilitator) == {name: (folder / name).read_bytes() for name in names}
    facilitator.sees("en réponse à ce message", "/faq en légende", "« Publier »")


async def test_each_file_says_what_it_is_for(facilitator: Speaker) -> None:
    await facilitator.says("/faq")
    captions = {
        m["document"]["file_name"]: m["caption"] for m in facilitator.new if "document" in m
    }
    assert captions["faq.yaml"].startswith("Les questions et leurs réponses.")
    assert "« êtes-vous un robot ? »…" in captions["actes.yaml"]
    said = {file: TEXT("faq_caption", file=file) for file in PUBLISHABLE}
    assert len({caption.split(".")[0] for caption in said.values()}) == len(PUBLISHABLE)
    assert all(f"Gardez le nom {file}" in caption for file, caption in said.items())


async def test_one_file_is_sent_by_its_name(facilitator: Speaker) -> None:
    await facilitator.says("/faq projets")
    assert list(documents(facilitator)) == ["projets.yaml"]
    await facilitator.says("/faq secrets.env")
    assert documents(facilitator) == {}
    facilitator.sees("Je ne connais pas le fichier « secrets.env »")


async def test_a_file_sent_back_is_published_after_its_difference_was_read(
    facilitator: Speaker, sme: Speaker, folder: Path, stage: Stage
) -> None:
    await sends_back(facilitator, CHANGED)
    facilitator.sees("faq.yaml reçu")
    facilitator.sees("Modifié, réponse « Partager une machine », texte de la réponse")
    facilitator.sees("« Oui, [entre voisins → et sans frais]. »")
    assert (folder / "faq.yaml").read_text("utf-8") == FAQ
    await decides(facilitator, "Publier")
    facilitator.sees("faq.yaml est publié", facilitator.user.name, "/historique")
    assert (folder / "faq.yaml").read_text("utf-8") == CHANGED
    assert len(versions(folder)) == 1
    await sme.says("mutualiser un équipement")
    sme.sees("Oui, et sans frais.")


def typing(stage: Stage, after: int) -> list[dict[str, object]]:
    events = stage.messenger.events.after(after) or ()
    return [event for event in events if event["kind"] == "typing"]


@pytest.mark.parametrize("lasts", [True, False])
async def test_an_examination_that_lasts_is_shown_until_it_ends(
    facilitator: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch, *, lasts: bool
) -> None:
    go_on = threading.Event()

    def held(*given: Any) -> ExaminedChange:
        assert go_on.wait(TIMEOUT_SECONDS)
        return examined(*given)

    monkeypatch.setattr("bot.content.publisher.examined", held)
    seconds = 0.0 if lasts else 1000.0
    tune(monkeypatch, busy_sign, FIRST_SECONDS=seconds, EVERY_SECONDS=0.01)
    document = ("faq.yaml", CHANGED.encode())
    await facilitator.sends("document", file=document, caption="/faq")
    before = stage.messenger.seq
    if lasts:
        await until(stage, lambda: len(typing(stage, before)) > 1)
    go_on.set()
    await works(stage)
    facilitator.sees("Modifié")
    shown = typing(stage, before)
    assert bool(shown) == lasts
    assert {event["chat_id"] for event in shown} <= {facilitator.chat_id}


async def test_an_abandoned_change_changes_nothing(facilitator: Speaker, folder: Path) -> None:
    await sends_back(facilitator, CHANGED)
    await decides(facilitator, "Abandonner")
    facilitator.sees("a abandonné ce changement")
    assert (folder / "faq.yaml").read_text("utf-8") == FAQ
    assert versions(folder) == ()


async def test_a_reply_with_a_file_is_enough(facilitator: Speaker) -> None:
    await facilitator.says("/faq faq.yaml")
    replied = facilitator.new[-1]["message_id"]
    await facilitator.sends("document", file=("faq (1).yaml", CHANGED.encode()), reply_to=replied)
    await works(facilitator.stage)
    facilitator.sees("[entre voisins → et sans frais]")


async def test_every_fault_is_told_and_none_can_be_published(
    facilitator: Speaker, folder: Path
) -> None:
    await sends_back(facilitator, BROKEN)
    facilitator.sees("Refusé :", "faq.yaml, ligne 5", "tire")
    assert facilitator.labels == []
    assert (folder / "faq.yaml").read_text("utf-8") == FAQ


async def test_many_faults_are_counted_and_come_whole_in_a_file(facilitator: Speaker) -> None:
    entry = FAQ[FAQ.index("  - id: talents") :]
    many = [entry.replace("talents", f"talents-{n}").replace("titre:", "tire:") for n in range(40)]
    await sends_back(facilitator, FAQ + "".join(many))
    facilitator.sees("… et", "Tout est dans le fichier ci-dessus")
    report = documents(facilitator)["rapport.txt"].decode("utf-8-sig")
    assert report.count("tire") >= 40


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b"entrees: !!python/object/apply:os.system [ls]\n", "ligne 1"),
        (b"a: &a [x]\nb: [*a, *a]\n", "ligne 1"),
        (b"entrees:\n  - id: [\n", "faq.yaml, ligne"),
    ],
)
async def test_what_is_no_plain_data_is_refused(
    facilitator: Speaker, folder: Path, content: bytes, said: str
) -> None:
    await facilitator.sends("document", file=("faq.yaml", content), caption="/faq")
    await works(facilitator.stage)
    facilitator.sees("Refusé", said)
    assert (folder / "faq.yaml").read_text("utf-8") == FAQ


async def test_a_file_of_another_name_is_refused(facilitator: Speaker) -> None:
    await sends_back(facilitator, CHANGED, "notes.yaml")
    facilitator.sees("« notes.yaml » n'est aucun de")
    await sends_back(facilitator, CHANGED, "notes.yaml", caption="/faq faq.yaml")
    facilitator.sees("[entre voisins → et sans frais]")


async def test_a_file_that_is_none_of_ours_is_not_met_with_silence(facilitator: Speaker) -> None:
    await facilitator.says("/faq faq.yaml")
    replied = facilitator.messages()[-1]["message_id"]
    await facilitator.sends("document", file=("notes.pdf", b"%PDF"), reply_to=replied)
    facilitator.sees("Je ne prends pas « notes.pdf »", "sous le même nom : faq.yaml, projets.yaml")
    # What is not meant for the bot is none of its business.
    await facilitator.sends("document", file=("notes.pdf", b"%PDF"))
    assert facilitator.new == []


async def test_a_file_too_large_is_never_fetched(facilitator: Speaker, stage: Stage) -> None:
    await facilitator.sends(
        "document", file=("faq.yaml", b"x"), caption="/faq", file_size=9_000_000
    )
    facilitator.sees("trop gros (9 Mo) : 8 Mo au plus")
    assert "getFile" not in [method for method, _ in stage.messenger.calls]


async def test_the_same_file_is_nothing_to_publish(facilitator: Speaker) -> None:
    await sends_back(facilitator, FAQ)
    facilitator.sees("identique à celui qui est en service")
    assert facilitator.labels == []


async def test_questions_that_would_go_wrong_are_read_twice(
    facilitator: Speaker, folder: Path
) -> None:
    start = FAQ.index("  - id: talents")
    await sends_back(facilitator, FAQ[:start])
    facilitator.sees("1 question qui avait la bonne réponse ne l'aurait plus")
    facilitator.sees("« embaucher des apprentis » : attendu Trouver des salariés")
    await decides(facilitator, "Publier")
    facilitator.sees("Publier faq.yaml malgré tout ?", "« embaucher des apprentis »")
    assert (folder / "faq.yaml").read_text("utf-8") == FAQ
    await decides(facilitator, "Publier malgré tout")
    assert (folder / "faq.yaml").read_text("utf-8") == FAQ[:start]


async def test_only_what_a_change_brings_is_told_with_it(
    facilitator: Speaker, folder: Path
) -> None:
    dated = FAQ.replace("  - id: talents", "  - id: talents\n    valable_jusqu_au: 2026-11-30")
    await sends_back(facilitator, dated)
    facilitator.sees("1 avertissement (cela", "c'est bientôt", "1 avertissement d'avant n'est pas")
    assert "juste d'office" not in facilitator.text
    await decides(facilitator, "Publier")
    await sends_back(facilitator, dated.replace("entre voisins", "et sans frais"))
    facilitator.sees("[entre voisins → et sans frais]", "2 avertissements d'avant ne sont pas")
    assert "c'est bientôt" not in facilitator.text
    await facilitator.says("/faq")
    await decides(facilitator, "Relire les avertissements")
    facilitator.sees("2 avertissements sur les fichiers", "c'est bientôt", "juste d'office")


async def test_a_question_that_would_go_wrong_is_told_once(facilitator: Speaker) -> None:
    line = '      - "embaucher des apprentis"\n'
    moved = FAQ.replace(line, "").replace('      - "mutualiser', f'{line}      - "mutualiser')
    await sends_back(facilitator, moved)
    facilitator.sees("« embaucher des apprentis » : attendu Trouver des salariés")
    assert "à la question" not in facilitator.text


async def test_files_without_a_fault_are_said_to_be_so(facilitator: Speaker, folder: Path) -> None:
    (folder / "questions.yaml").unlink()
    await facilitator.says("/faq")
    await decides(facilitator, "Relire les avertissements")
    facilitator.sees("Rien à signaler")


@pytest.mark.parametrize("error", [RuntimeError(), PermissionError()])
async def test_a_look_that_fails_speaks_of_itself(
    facilitator: Speaker, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_given: object) -> None:
        raise error

    await sends_back(facilitator, CHANGED)
    await decides(facilitator, "Publier")
    monkeypatch.setattr("bot.content.publisher.reviewed", fails)
    monkeypatch.setattr("bot.content.publisher.compared", fails)
    await facilitator.says("/faq")
    await decides(facilitator, "Relire les avertissements")
    facilitator.sees("Je n'ai pas pu relire les fichiers", "référence")
    await facilitator.says("/historique")
    await decides(facilitator, "1. Avant le 23 novembre 2026")
    facilitator.sees("Je n'ai pas pu comparer cette version", "référence")


async def test_one_facilitator_has_the_files_checked_so_often_an_hour(
    facilitator: Speaker, colleague: Speaker, stage: Stage
) -> None:
    await sends_back(facilitator, CHANGED)
    await decides(facilitator, "Publier")
    async with stage.running.parts.database.begin() as work:
        # The file that was sent is one of them.
        for _ in range(caps.EXAMINATIONS.most - 1):
            await caps.spend(work, caps.EXAMINATIONS, facilitator.user.id)
    rows = await stage.rows(publications.select())
    await sends_back(facilitator, FAQ)
    facilitator.sees("60 fois en une heure", "rien n'est changé")
    await facilitator.says("/historique")
    await decides(facilitator, "1. Avant")
    for label in ("Relire les avertissements", "Masquer ou retirer"):
        await facilitator.says("/faq faq.yaml")
        await decides(facilitator, label)
    await decides(facilitator, "1. ")
    await decides(facilitator, "Masquer (brouillon)")
    assert "C'était trop de fois" in facilitator.toast
    assert await stage.rows(publications.select()) == rows
    await colleague.says("/faq")
    await decides(colleague, "Relire les avertissements")
    colleague.sees("sur les fichiers")


async def test_of_two_facilitators_the_second_overwrites_nothing(
    facilitator: Speaker, colleague: Speaker, folder: Path
) -> None:
    other = FAQ.replace("Avec les écoles.", "Avec le lycée.")
    await sends_back(facilitator, CHANGED)
    first = facilitator.button("Publier")
    await sends_back(colleague, other)
    second = colleague.button("Publier")
    await facilitator.taps_data(first[0]["message_id"], first[1])
    await works(facilitator.stage)
    await colleague.taps_data(second[0]["message_id"], second[1])
    await works(colleague.stage)
    colleague.sees("les fichiers ont changé depuis la vérification", "/faq faq.yaml")
    assert (folder / "faq.yaml").read_text("utf-8") == CHANGED


async def test_a_file_made_from_an_old_version_warns_of_what_it_would_erase(
    facilitator: Speaker, colleague: Speaker, folder: Path
) -> None:
    await sends_back(facilitator, CHANGED)
    await decides(facilitator, "Publier")
    await sends_back(colleague, FAQ.replace("Avec les écoles.", "Avec le lycée."))
    colleague.sees("un autre changement serait effacé", "/historique dit par qui")
    await decides(colleague, "Publier")
    colleague.sees("malgré tout ?")
    assert (folder / "faq.yaml").read_text("utf-8") == CHANGED


async def test_a_double_tap_publishes_once(facilitator: Speaker, folder: Path) -> None:
    await sends_back(facilitator, CHANGED)
    message, data = facilitator.button("Publier")
    await facilitator.taps_data(message["message_id"], data, times=2)
    await works(facilitator.stage)
    assert len(versions(folder)) == 1
    await facilitator.taps_data(message["message_id"], data)
    assert facilitator.toast == f"Déjà publié ({facilitator.user.name})."


async def test_history_shows_and_goes_back(facilitator: Speaker, folder: Path) -> None:
    await facilitator.says("/historique")
    facilitator.sees("Rien n'a encore été publié")
    await sends_back(facilitator, CHANGED)
    await decides(facilitator, "Publier")
    await facilitator.says("/historique")
    facilitator.sees("1. faq.yaml, le 23 novembre 2026", facilitator.user.name)
    await decides(facilitator, "1. Avant le 23 novembre 2026")
    facilitator.sees("« Oui, [et sans frais → entre voisins]. »")
    await decides(facilitator, "Revenir à cette version")
    facilitator.sees("[et sans frais → entre voisins]")
    await decides(facilitator, "Publier")
    assert (folder / "faq.yaml").read_text("utf-8") == FAQ
    assert len(versions(folder)) == 2


async def test_whoever_is_erased_is_named_nowhere_in_the_history(
    stage: Stage, facilitator: Speaker, folder: Path
) -> None:
    await sends_back(facilitator, CHANGED)
    await decides(facilitator, "Publier")
    kept = b"".join(path.read_bytes() for path in (folder / "history").iterdir())
    assert facilitator.user.name.encode() not in kept
    assert str(facilitator.user.id).encode() not in kept
    alone = stage.person(facilitator.user)
    await alone.says("/supprimer")
    await alone.taps("Oui, tout effacer")
    colleague = stage.member(stage.messenger.facilitators)
    await colleague.says("/historique")
    colleague.sees("1. faq.yaml", "par une personne qui a demandé l'effacement")
    assert facilitator.user.name not in colleague.text


async def test_a_long_history_is_paged(facilitator: Speaker, folder: Path, stage: Stage) -> None:
    for number in range(8):
        name = f"2026-11-{10 + number}T100000-faq"
        (folder / "history").mkdir(exist_ok=True)
        (folder / "history" / f"{name}.yaml").write_text(FAQ + f"# {number}\n", "utf-8")
    await facilitator.says("/historique")
    facilitator.sees("page 1 sur 2", "1. faq.yaml, le 17 novembre 2026")
    await facilitator.taps("Suivant ›")
    facilitator.sees("page 2 sur 2", "8. faq.yaml, le 10 novembre 2026")


async def test_a_phrasing_asked_for_elsewhere_is_one_more_line(
    facilitator: Speaker, folder: Path, stage: Stage
) -> None:
    async with stage.running.parts.database.begin() as work:
        asked = NewChangeRequest(
            ChangeKind.PHRASING,
            facilitator.user.id,
            facilitator.user.name,
            facilitator.chat_id,
            subject="talents",
            wording="j'ai besoin de bras",
            about=Subject(Kind.GAP, 1),
        )
        await work.change_requests.ask(asked)
    facilitator.mark()
    await works(stage)
    facilitator.sees("1 ligne ajoutée, et rien d'autre ne change", "j'ai besoin de bras")
    await decides(facilitator, "Publier")
    lines = (folder / "faq.yaml").read_text("utf-8").splitlines()
    assert len(lines) == len(FAQ.splitlines()) + 1
    async with stage.running.parts.database.begin() as work:
        change = await work.change_requests.about(Subject(Kind.GAP, 1))
    assert change is not None
    assert change.state is ChangeState.PUBLISHED


async def test_a_phrasing_that_is_there_already_is_refused_in_words(
    facilitator: Speaker, stage: Stage
) -> None:
    async with stage.running.parts.database.begin() as work:
        await work.change_requests.ask(
            NewChangeRequest(
                ChangeKind.PHRASING,
                1,
                "Ada",
                facilitator.chat_id,
                subject="talents",
                wording="Recruter un soudeur !",
            )
        )
    facilitator.mark()
    await works(stage)
    facilitator.sees("Ce changement n'est pas possible.", "talents")


@pytest.mark.parametrize("text", ["/faq", "/historique", "/tester bonjour"])
async def test_nobody_else_may(stage: Stage, sme: Speaker, text: str) -> None:
    elsewhere = "se tape dans le groupe des facilitateurs"
    administrator = stage.member(stage.messenger.administrators)
    for who, told in ((sme, "réservée à une autre équipe"), (administrator, elsewhere)):
        await who.says(text)
        who.sees(told)
        assert documents(who) == {}


async def test_a_file_from_anybody_else_is_not_taken(
    stage: Stage, sme: Speaker, administrator: Speaker, folder: Path
) -> None:
    await sends_back(sme, CHANGED)
    sme.sees("je ne lis que le texte")
    await sends_back(administrator, CHANGED)
    administrator.sees("se tape dans le groupe des facilitateurs")
    assert (folder / "faq.yaml").read_text("utf-8") == FAQ


async def test_a_listed_facilitator_may_in_private_too(
    stage: Stage, sme: Speaker, facilitator: Speaker, folder: Path
) -> None:
    await stage.stops()
    stage.overrides["facilitator_ids"] = frozenset({sme.user.id})
    await stage.starts()
    await sme.says("/faq faq.yaml")
    sme.sees("en pièce jointe")
    await sends_back(sme, CHANGED, caption="")
    facilitator.mark()
    await decides(sme, "Publier")
    sme.sees("faq.yaml est publié")
    facilitator.sees("faq.yaml est publié")
    assert (folder / "faq.yaml").read_text("utf-8") == CHANGED


async def test_what_was_asked_for_survives_a_restart(
    facilitator: Speaker, stage: Stage, folder: Path
) -> None:
    await sends_back(facilitator, CHANGED)
    await stage.stops()
    await stage.starts()
    await decides(facilitator, "Publier")
    facilitator.sees("faq.yaml est publié")
    assert (folder / "faq.yaml").read_text("utf-8") == CHANGED


async def test_a_publication_cut_short_is_told_and_not_done_twice(
    facilitator: Speaker, stage: Stage, folder: Path
) -> None:
    await sends_back(facilitator, CHANGED)
    _, data = facilitator.button("Publier")
    number = int(data.split(":")[1])
    database = stage.running.parts.database
    # As after a crash between the file and the row.
    async with database.begin() as work:
        await work.change_requests.want(number, 1, "Ada")
        change = await work.change_requests.get(number)
    assert change is not None
    assert change.base is not None
    bases = {"faq.yaml": change.base}
    publish(folder, {"faq.yaml": CHANGED.encode()}, bases=bases, now=stage.clock())
    facilitator.mark()
    await works(stage)
    facilitator.sees("faq.yaml est publié")
    assert len(versions(folder)) == 1


async def test_what_is_published_once_reaches_every_process(
    stage: Stage, tmp_path: Path, models: ModelStore, facilitator: Speaker
) -> None:
    elsewhere = small_folder(tmp_path / "elsewhere")
    await sends_back(facilitator, CHANGED)
    await decides(facilitator, "Publier")
    # A Telegram of its own for the second process, which comes when nothing is left to send: it
    # would take messages for people whom its Telegram does not know.
    async with running(PreviewServer()) as server:
        other = staged_library(library_of(elsewhere, models), tmp_path / "bot.db", server)
        async with other as second:
            await until(second, lambda: (elsewhere / "faq.yaml").read_text("utf-8") == CHANGED)
            await until(second, lambda: _answer(second) == "Oui, et sans frais.")
            assert [one.id for one in versions(elsewhere)] == [
                one.id for one in versions(tmp_path / "knowledge")
            ]
            # Brought back by an editor, it stays.
            (elsewhere / "faq.yaml").write_text(FAQ, "utf-8")
            put_inside(second.running.parts.publisher, "seen", None)
            await until(second, lambda: inside(second.running.parts.publisher, "seen") is not None)
            assert (elsewhere / "faq.yaml").read_text("utf-8") == FAQ


def _answer(stage: Stage) -> str:
    entry = stage.running.parts.services.knowledge.entry("mutualisation")
    return entry.answer if entry else ""


async def test_a_folder_that_cannot_be_written_is_told_of(
    facilitator: Speaker, folder: Path
) -> None:
    await sends_back(facilitator, CHANGED)
    (folder / "history").write_text("a file where a folder should be", "utf-8")
    await decides(facilitator, "Publier")
    facilitator.sees("faq.yaml n'est pas publié", "ne peut pas être écrit", "référence E-")
    assert (folder / "faq.yaml").read_text("utf-8") == FAQ


async def test_a_file_that_telegram_no_longer_has_is_asked_for_again(
    facilitator: Speaker, stage: Stage
) -> None:
    async with stage.running.parts.database.begin() as work:
        await work.change_requests.ask(
            NewChangeRequest(
                ChangeKind.UPLOAD, 1, "Ada", facilitator.chat_id, file="faq.yaml", subject="gone"
            )
        )
    facilitator.mark()
    await works(stage)
    facilitator.sees("Telegram ne m'a pas donné le fichier faq.yaml")


async def test_a_change_that_no_longer_goes_with_the_other_files_is_overtaken(
    facilitator: Speaker, stage: Stage, folder: Path
) -> None:
    await sends_back(facilitator, CHANGED)
    # Another file is spoilt meanwhile: the folder as a whole would be refused.
    talk = (folder / "actes.yaml").read_text("utf-8")
    (folder / "actes.yaml").write_text(talk.replace("reponse:", "repond:"), "utf-8")
    await decides(facilitator, "Publier")
    facilitator.sees("les fichiers ont changé depuis la vérification")
    assert (folder / "faq.yaml").read_text("utf-8") == FAQ


async def test_a_version_that_is_no_longer_kept_is_told_of(
    facilitator: Speaker, folder: Path
) -> None:
    await sends_back(facilitator, CHANGED)
    await decides(facilitator, "Publier")
    await facilitator.says("/historique")
    for path in (folder / "history").iterdir():
        path.unlink()
    await decides(facilitator, "1. ")
    facilitator.sees("Cette version n'est plus gardée")


async def test_a_return_to_what_is_in_service_is_nothing_to_do(
    facilitator: Speaker, folder: Path
) -> None:
    await sends_back(facilitator, CHANGED)
    await decides(facilitator, "Publier")
    (folder / "faq.yaml").write_text(FAQ, "utf-8")
    await facilitator.says("/historique")
    await decides(facilitator, "1. ")
    facilitator.sees("est identique à celui qui est en service")


async def test_an_out_of_scope_question_makes_the_file_of_voices(
    facilitator: Speaker, stage: Stage, folder: Path
) -> None:
    async with stage.running.parts.database.begin() as work:
        await work.change_requests.ask(
            NewChangeRequest(
                ChangeKind.OUT_OF_SCOPE,
                1,
                "Ada",
                facilitator.chat_id,
                wording="avez-vous des places de concert",
            )
        )
    facilitator.mark()
    await works(stage)
    facilitator.sees("formulations.yaml", "avez-vous des places de concert")
    await decides(facilitator, "Publier")
    voices = (folder / "formulations.yaml").read_text("utf-8")
    assert "avez-vous des places de concert" in voices


LODGING = """\
  - id: logement
    question: "Comment loger un nouveau salarié ?"
    titre: "Loger un salarié"
    reponse: "Avec le service du logement."
    variantes:
      - "trouver un logement à un salarié"
      - "aide au logement des salariés"
      - "héberger un nouveau salarié"
    source: "Table ronde"
    verifie_le: 2026-11-01
"""
ASKED = "un toit pour loger mon nouveau salarié svp"
ALSO = "où héberger un nouveau salarié"


async def keeps(stage: Stage, *texts: str) -> None:
    async with stage.running.parts.database.begin() as work:
        person = await work.people.seen(9_000)
        for text in texts:
            await work.questions.record(None, person.id, text, "none", [])


def labels_of(message: Message) -> list[str]:
    return [one["text"] for row in message["reply_markup"]["inline_keyboard"] for one in row]


async def test_a_new_answer_is_told_how_often_it_is_found_and_gets_what_was_received(
    facilitator: Speaker, sme: Speaker, folder: Path, stage: Stage
) -> None:
    await keeps(stage, "quelle heure est-il à tokyo", ALSO, ASKED)
    await sends_back(facilitator, FAQ + LODGING)
    facilitator.sees("« Loger un salarié » : à peu près 6 fois sur 10", "à 8 (il y en a 3)")
    facilitator.sees("elles lui ressemblent", f"« {ASKED} »")
    assert "tokyo" not in facilitator.text
    assert facilitator.labels[-2:] == ["Publier", "Abandonner"]
    (own,) = [label for label in facilitator.labels if ASKED in label]
    old = facilitator.button("Publier")
    await decides(facilitator, own)
    facilitator.received("qui n'est pas encore publié")
    facilitator.sees("« Loger un salarié »", "4 formulations", f"1. « {ALSO} »")
    assert not [label for label in facilitator.labels if ASKED in label]
    # What it took the place of cannot be published any more.
    await facilitator.taps_data(old[0]["message_id"], old[1])
    assert "décidez sous le message suivant" in facilitator.toast
    await facilitator.says("/sansreponse")
    facilitator.sees("1 ajout attend")
    assert ASKED not in facilitator.text


async def test_questions_tapped_at_once_are_all_added_to_one_publication(
    facilitator: Speaker, sme: Speaker, folder: Path, stage: Stage
) -> None:
    await keeps(stage, ALSO, ASKED)
    await sends_back(facilitator, FAQ + LODGING)
    taps = [facilitator.button(label) for label in facilitator.labels if label.startswith("+")]
    assert len(taps) == 2
    for message, data in taps:
        await facilitator.taps_data(message["message_id"], data)
    await works(stage)
    facilitator.sees("5 formulations")
    # The last notice has nothing left to add.
    message, data = facilitator.button("Publier")
    assert not [each for each in labels_of(message) if each.startswith("+")]
    await decides(facilitator, "Publier")
    facilitator.sees("faq.yaml est publié")
    text = (folder / "faq.yaml").read_text("utf-8")
    assert (text.count(ASKED), text.count(ALSO), text.count("id: logement")) == (1, 1, 1)
    await facilitator.says("/sansreponse")
    facilitator.sees("Aucune question en attente")
    assert "attend d'être" not in facilitator.text
    await sme.says(ASKED)
    sme.sees("Avec le service du logement.")


async def test_a_question_tapped_once_too_often_is_not_added(
    facilitator: Speaker, stage: Stage
) -> None:
    await keeps(stage, ASKED)
    await sends_back(facilitator, FAQ + LODGING)
    async with stage.running.parts.database.begin() as work:
        for _ in range(caps.EXAMINATIONS.most - 1):
            await caps.spend(work, caps.EXAMINATIONS, facilitator.user.id)
    facilitator.mark()
    await facilitator.taps("+ 1.")
    facilitator.sees("60 fois en une heure", "rien n'est changé")
    assert "qui n'est pas encore publié" not in facilitator.text
    await facilitator.says("/sansreponse")
    facilitator.sees("1 sujet")


async def test_an_abandoned_change_gives_its_questions_back_and_takes_no_more(
    facilitator: Speaker, folder: Path, stage: Stage
) -> None:
    await keeps(stage, ALSO, ASKED)
    await sends_back(facilitator, FAQ + LODGING)
    first, second = [each for each in facilitator.labels if each.startswith("+")]
    await decides(facilitator, first)
    message, data = facilitator.button(f"+ 1. {second[5:]}")
    await decides(facilitator, "Abandonner")
    await facilitator.taps_data(message["message_id"], data)
    assert "déjà décidé" in facilitator.toast
    await facilitator.says("/sansreponse")
    facilitator.sees("2 sujets")
    assert (folder / "faq.yaml").read_text("utf-8") == FAQ


async def test_what_is_added_to_a_change_of_files_that_changed_since_is_refused(
    facilitator: Speaker, folder: Path, stage: Stage
) -> None:
    await keeps(stage, ASKED)
    await sends_back(facilitator, FAQ + LODGING)
    (folder / "faq.yaml").write_text(CHANGED, "utf-8")
    await decides(facilitator, "+ 1.")
    facilitator.sees("les fichiers ont changé depuis la vérification")
    assert (folder / "faq.yaml").read_text("utf-8") == CHANGED
    await facilitator.says("/sansreponse")
    facilitator.sees("1 sujet")


async def test_a_question_tried_on_an_answer_with_few_phrasings_offers_what_was_received(
    facilitator: Speaker, stage: Stage
) -> None:
    await keeps(stage, "recruter un chaudronnier ou un soudeur", "quelle heure est-il à tokyo")
    await facilitator.says("/tester recruter un soudeur")
    facilitator.sees("n'a que 3 façons de demander", "à peu près 6 fois sur 10")
    await decides(facilitator, "+ 1. recruter un chaudronnier")
    facilitator.sees("1 ligne ajoutée", "recruter un chaudronnier ou un soudeur")


async def test_a_subject_shows_the_answer_with_few_phrasings_that_it_resembles(
    facilitator: Speaker, stage: Stage
) -> None:
    await keeps(stage, "recruter un chaudronnier ou un soudeur")
    await facilitator.says("/sansreponse")
    await facilitator.taps("1.")
    facilitator.sees("« Trouver des salariés », qui a encore peu", "à peu près 6 fois sur 10")
    await decides(facilitator, "Ajouter à « Trouver des salariés »")
    facilitator.sees("1 ligne ajoutée", "recruter un chaudronnier ou un soudeur")
