"""Who has no Telegram: a form on a page, letters, and the page to follow what was sent."""

import hashlib
import html
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from dialogue import Stage, inside
from justhtml import JustHTML
from sqlalchemy import select
from test_lifecycle_words import each_end
from test_mail_dispatcher import given, mailing
from test_request_page import moves_elsewhere, standing

from bot.pages.filling import TRAP
from bot.pages.follow_pages import DONE
from bot.pages.page_forms import FORMS, REFUSALS, refusal
from handlers.core import caps
from handlers.core.services import Identity, Services
from handlers.messages import LANGUAGES, speaking, without_chat
from handlers.requests import telling
from knowledge.knowledge import Knowledge
from storage.database import Database
from storage.engine.schema import VISITORS_BELOW, allowances, interests, outbox, people
from storage.privacy.retention import Durations
from storage.records.interests import EventKind, Helped, Status
from storage.records.lifecycle import MOVES

FIRM = {
    "company": "Mécanique du Delta",
    "name": "Samira Costa",
    "contact": "samira.costa@delta-meca.fr",
    "role": "participate",
    "message": "Nous avons un tour <b>disponible</b>.",
    "siret": "",
}


@pytest.fixture(name="stage")
async def _stage(shipped: Knowledge, tmp_path: Path, blank_file: Path) -> AsyncIterator[Stage]:
    # Nothing listens at this port: no e-mail leaves, and each can be read in the outbox.
    async with mailing(shipped, tmp_path, blank_file, **given(1, listen_port=0)) as stage:
        yield stage


@pytest.fixture(name="mute_stage")
async def _mute_stage(shipped: Knowledge, tmp_path: Path, blank_file: Path) -> AsyncIterator[Stage]:
    settings = given(1, listen_port=0, smtp_host="", mail_from="", admin_emails=())
    async with mailing(shipped, tmp_path, blank_file, **settings) as stage:
        yield stage


class Visitor:
    """Somebody with a browser that runs no script."""

    def __init__(self, stage: Stage, address: str = "198.51.100.7") -> None:
        pages = stage.running.parts.pages
        assert pages is not None
        transport = httpx.ASGITransport(pages, client=(address, 1))
        self.stage = stage
        self.client = httpx.AsyncClient(transport=transport, base_url="https://bot.exemple.fr")
        self.answer = httpx.Response(0)

    @property
    def text(self) -> str:
        body = re.sub(r"<style>.*?</style>|<[^>]+>", " ", self.answer.text, flags=re.DOTALL)
        return re.sub(r"\s+", " ", html.unescape(body))

    @property
    def hidden(self) -> dict[str, str]:
        found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.answer.text)
        return {name: html.unescape(value) for name, value in found}

    @property
    def filled(self) -> dict[str, str]:
        """What stands in the fields of the page."""
        page = self.answer.text
        lines = re.findall(r'<input type="text" id="\w+" name="(\w+)" value="([^"]*)"', page)
        texts = re.findall(r'<textarea id="\w+" name="(\w+)"[^>]*>([^<]*)</textarea>', page)
        chosen = re.findall(r'name="(\w+)" value="(\w+)" checked', page)
        return {name: html.unescape(value) for name, value in (*lines, *texts, *chosen)}

    async def opens(self, path: str) -> int:
        self.answer = await self.client.get(path)
        self._is_valid()
        return self.answer.status_code

    async def sends(self, path: str, **fields: str) -> int:
        self.answer = await self.client.post(path, data=fields)
        status = self.answer.status_code
        if status == 303:
            self.answer = await self.client.get(self.answer.headers["location"])
        self._is_valid()
        return status

    def _is_valid(self) -> None:
        """Every page that somebody gets is HTML without a fault."""
        headers = self.answer.headers
        if "html" in headers.get("content-type", "") and "content-disposition" not in headers:
            JustHTML(self.answer.text, strict=True)

    async def fills(self, path: str, **answers: str) -> int:
        """Open a form, take some time, and send what was typed to be read again."""
        assert await self.opens(path) == 200
        stamp = self.hidden["form"]
        self.stage.clock.passes(seconds=30)
        return await self.sends(path, form=stamp, step="check", **answers)

    async def agrees(self, path: str) -> int:
        return await self.sends(path, step="send", **self.hidden)

    async def acts(self, path: str, act: str, **answers: str) -> int:
        return await self.sends(f"{path}/{act}", **self.hidden | answers)

    def sees(self, *words: str) -> None:
        for word in words:
            assert word in self.text, f"{word!r} not in:\n{self.text}"


def open_project(stage: Stage) -> str:
    services = stage.running.parts.services
    project = next(p for p in services.knowledge.projects if p.open_on(services.today()) and p.lead)
    return project.id


async def letters(stage: Stage) -> list[dict[str, Any]]:
    rows = await stage.rows(
        select(outbox.c.payload).where(outbox.c.audience == "email").order_by(outbox.c.id)
    )
    return [row.payload for row in rows if row.payload.get("to_visitor")]


def link_in(letter: dict[str, Any]) -> str:
    found = re.search(r"https://bot\.exemple\.fr(/suivi/\S+)", letter["text"])
    assert found is not None, letter["text"]
    return found[1]


async def test_from_the_form_to_the_outcome_by_letters(stage: Stage) -> None:
    visitor, path = Visitor(stage), f"/formulaires/interet/{open_project(stage)}"
    assert await visitor.fills(path, **FIRM) == 200, visitor.text
    visitor.sees("Relisez", "Mécanique du Delta", "Samira Costa", "vous acceptez")
    assert await stage.rows(select(people)) == []
    assert await visitor.agrees(path) == 303
    request = await standing(stage)
    visitor.sees(request.number, "Un e-mail part")
    assert "/suivi/" not in visitor.answer.text
    (first,) = await letters(stage)
    assert request.number in first["text"]
    assert not any(FIRM[key] in first["text"] for key in ("company", "name", "message"))
    await moves_elsewhere(stage, EventKind.TAKE)
    await moves_elsewhere(stage, EventKind.INTRODUCE, note="Fonderie Roux")
    taken, introduced = (await letters(stage))[1:]
    assert "prise en charge" in taken["subject"]
    assert "mis en relation" in introduced["subject"]
    assert not re.search(r"[Tt]ape[rz]|[Tt]ouche|/mes|Telegram", introduced["text"] + taken["text"])
    follow = link_in(introduced)
    assert await visitor.opens(follow) == 200
    visitor.sees("Mise en relation faite", "Le contact a-t-il eu lieu")
    assert await visitor.acts(follow, "contact", reponse="helped") == 303
    visitor.sees("C'est noté")
    assert (await standing(stage)).helped is Helped.HELPED


async def test_the_same_form_sent_twice_is_one_request(stage: Stage) -> None:
    visitor, path = Visitor(stage), f"/formulaires/interet/{open_project(stage)}"
    await visitor.fills(path, **FIRM)
    fields = visitor.hidden | {"step": "send"}
    assert await visitor.sends(path, **fields) == 303
    receipt = visitor.text
    assert await visitor.sends(path, **fields) == 303
    assert re.findall(r"TI-\d+-\d+", visitor.text) == re.findall(r"TI-\d+-\d+", receipt)
    assert len(await stage.rows(select(interests.c.id))) == 1
    assert len(await letters(stage)) == 1


async def test_errors_stand_beside_their_fields_and_what_was_typed_stays(stage: Stage) -> None:
    visitor, path = Visitor(stage), f"/formulaires/interet/{open_project(stage)}"
    wrong = {**FIRM, "contact": "samira.costa", "company": "", "siret": "123"}
    assert await visitor.fills(path, **wrong) == 422
    visitor.sees("Rien n'est encore envoyé", "14 chiffres", "Répondez à cette question")
    assert 'id="contact-error"' in visitor.answer.text
    assert (
        'aria-describedby="contact-hint contact-error" aria-invalid="true"' in visitor.answer.text
    )
    assert "Samira Costa" in visitor.answer.text
    assert "Passer" not in visitor.text
    assert await stage.rows(select(people)) == []


async def test_an_address_with_a_likely_slip_is_asked_about_once(stage: Stage) -> None:
    visitor, path = Visitor(stage), "/formulaires/rappel"
    typed = {"contact": "samira@gmial.com"}
    assert await visitor.fills(path, **typed) == 422
    visitor.sees("Avez-vous voulu dire samira@gmail.com")
    assert await visitor.sends(path, **visitor.hidden | typed) == 200
    assert await visitor.agrees(path) == 303
    assert (await standing(stage)).contact == "samira@gmial.com"


@pytest.mark.parametrize(
    ("path", "answers"),
    [
        ("/formulaires/proposition", {**FIRM, "kind": "idea", "description": "Un four partagé."}),
        ("/formulaires/rappel", {"contact": "06 12 34 56 78", "contact_note": "mardi matin"}),
        ("/en/formulaires/rappel", {"contact": "samira.costa@delta-meca.fr"}),
        ("/en/formulaires/proposition", {**FIRM, "kind": "resource", "description": "A bench."}),
    ],
)
async def test_every_form_is_sent_in_both_languages(
    path: str, answers: dict[str, str], stage: Stage
) -> None:
    visitor = Visitor(stage)
    assert await visitor.fills(path, **answers) == 200, visitor.text
    assert await visitor.agrees(path) == 303, visitor.text
    visitor.sees((await standing(stage)).number)
    (person,) = await stage.rows(select(people))
    assert person.telegram_id < VISITORS_BELOW
    assert person.language == ("en" if path.startswith("/en/") else "fr")


async def test_of_a_telephone_alone_the_team_reads_what_to_say(stage: Stage) -> None:
    visitor, path = Visitor(stage), f"/formulaires/interet/{open_project(stage)}"
    await visitor.fills(path, **{**FIRM, "contact": "06 12 34 56 78"})
    assert await visitor.agrees(path) == 303
    visitor.sees("Gardez ce lien")
    found = re.search(r'href="https://bot\.exemple\.fr(/suivi/[^"]+)"', visitor.answer.text)
    assert found is not None
    assert await visitor.opens(found[1]) == 200
    await moves_elsewhere(stage, EventKind.TAKE)
    assert await letters(stage) == []
    said = await stage.rows(select(outbox.c.payload).where(outbox.c.audience == "administrators"))
    assert any("À dire par téléphone" in str(row.payload) for row in said)


async def test_without_a_mail_server_only_a_telephone_is_taken(mute_stage: Stage) -> None:
    visitor, path = Visitor(mute_stage), "/formulaires/rappel"
    assert await visitor.fills(path, contact="samira.costa@delta-meca.fr") == 422
    visitor.sees("Aucun e-mail ne peut être envoyé d'ici")
    assert await visitor.fills(path, contact="06 12 34 56 78") == 200
    assert await visitor.agrees(path) == 303
    visitor.sees("Gardez ce lien")


async def test_programs_are_held_up_and_people_are_not(stage: Stage) -> None:
    visitor, path = Visitor(stage), "/formulaires/rappel"
    await visitor.opens(path)
    typed = {"contact": "06 12 34 56 78", "form": visitor.hidden["form"]}
    assert await visitor.sends(path, **typed) == 422
    visitor.sees("très vite")
    stage.clock.passes(seconds=10)
    assert await visitor.sends(path, **typed, **{TRAP: "http://spam"}) == 422
    visitor.sees("doit rester vide")
    assert await visitor.sends(path, **typed) == 200


async def test_forged_stale_and_foreign_forms_are_refused(stage: Stage) -> None:
    visitor, path = Visitor(stage), "/formulaires/rappel"
    typed = {"contact": "06 12 34 56 78"}
    assert await visitor.sends(path, form="A" * 43, step="send", **typed) == 422
    await visitor.opens("/formulaires/proposition")
    other = visitor.hidden["form"]
    assert await visitor.sends(path, form=other, step="send", **typed) == 422
    await visitor.opens(path)
    stamp = visitor.hidden["form"]
    stage.clock.passes(hours=25)
    assert await visitor.sends(path, form=stamp, step="send", **typed) == 422
    visitor.client.headers["sec-fetch-site"] = "cross-site"
    assert await visitor.sends(path, form=stamp, step="send", **typed) == 403
    assert await stage.rows(select(people)) == []


@pytest.mark.usefixtures("low_limits")
async def test_a_flood_from_one_network_is_refused_and_others_are_not(stage: Stage) -> None:
    visitor, path = Visitor(stage), "/formulaires/rappel"
    for number in range(caps.PAGE_FORMS.most):
        await visitor.fills(path, contact="06 12 34 56 78")
        assert await visitor.agrees(path) == 303, number
    await visitor.fills(path, contact="06 12 34 56 78")
    assert await visitor.agrees(path) == 429
    # From now on no query is made: memory refuses.
    assert await visitor.sends(path, contact="06 12 34 56 78") == 429
    other = Visitor(stage, "203.0.113.9")
    await other.fills(path, contact="06 12 34 56 78")
    assert await other.agrees(path) == 303


async def test_closed_and_unknown_projects_say_so(stage: Stage) -> None:
    visitor, services = Visitor(stage), stage.running.parts.services
    closed = next(p for p in services.knowledge.projects if not p.open_on(services.today()))
    assert await visitor.opens(f"/formulaires/interet/{closed.id}") == 410
    assert await visitor.opens("/formulaires/interet/no-such-project") == 404
    assert await visitor.opens("/formulaires/autre") == 404
    assert await visitor.opens("/formulaires/interet") == 404


async def following(stage: Stage) -> tuple[Visitor, str]:
    visitor, path = Visitor(stage), f"/formulaires/interet/{open_project(stage)}"
    await visitor.fills(path, **FIRM)
    assert await visitor.agrees(path) == 303
    follow = link_in((await letters(stage))[0])
    assert await visitor.opens(follow) == 200
    return visitor, follow


async def test_a_visitor_writes_and_the_answer_comes_by_letter(stage: Stage) -> None:
    visitor, follow = await following(stage)
    assert await visitor.acts(follow, "mot", mot="Un four aussi.") == 303
    visitor.sees("Votre message est transmis", "Un four aussi.")


@pytest.mark.parametrize(
    ("typed", "reason"),
    [("  \n ", "Ce message est vide"), ("mot <b> " * 900, "Ce message est trop long")],
)
async def test_a_word_that_is_not_passed_on_stands_in_its_field_again(
    stage: Stage, typed: str, reason: str
) -> None:
    visitor, follow = await following(stage)
    assert await visitor.acts(follow, "mot", mot=typed) == 422
    visitor.sees(reason)
    field = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", visitor.answer.text, re.DOTALL)
    assert field is not None
    assert html.unescape(field[1]) == typed
    assert re.search(r'aria-invalid="true" aria-describedby="refus-\d+"', field[0])
    assert await visitor.acts(follow, "mot", mot="Plus court.") == 303
    visitor.sees("Votre message est transmis", "Plus court.")


@pytest.mark.usefixtures("low_limits")
async def test_what_is_written_too_often_stands_in_its_field_again(stage: Stage) -> None:
    visitor, follow = await following(stage)
    for _ in range(caps.CHANGES.most):
        assert await visitor.acts(follow, "relancer") == 303
    assert await visitor.acts(follow, "mot", mot="Encore un mot.") == 422
    visitor.sees("C'était trop de fois en un jour", "Encore un mot.")


async def test_a_visitor_withdraws(stage: Stage) -> None:
    visitor, follow = await following(stage)
    assert await visitor.opens(f"{follow}/retirer?demande=1") == 200
    assert await visitor.acts(follow, "retirer") == 303
    visitor.sees("est retirée")
    assert (await standing(stage)).status is Status.WITHDRAWN


async def test_a_visitor_relaunches_after_ten_days_once(stage: Stage) -> None:
    visitor, follow = await following(stage)
    visitor.sees("à partir du")
    assert await visitor.acts(follow, "relancer") == 303
    visitor.sees("Rien n'a été fait")
    stage.clock.passes(days=11)
    await visitor.opens(follow)
    assert await visitor.acts(follow, "relancer") == 303
    visitor.sees("L'équipe est relancée")
    assert (await standing(stage)).relaunched_at is not None


async def test_a_visitor_reads_and_erases_everything(stage: Stage) -> None:
    visitor, follow = await following(stage)
    assert await visitor.opens(f"{follow}/donnees") == 200
    visitor.sees("samira.costa@delta-meca.fr", "Mécanique du Delta", "vous écrivez par les pages")
    await visitor.opens(f"{follow}/effacer")
    assert await visitor.acts(follow, "effacer") == 200
    visitor.sees("Tout est effacé")
    assert await stage.rows(select(people)) == []
    assert (await standing(stage)).is_anonymous
    assert await letters(stage) == []
    assert await visitor.opens(follow) == 410


async def test_links_are_of_one_person_and_end(stage: Stage) -> None:
    visitor, follow = await following(stage)
    forms = visitor.hidden
    assert await visitor.opens(f"{follow[:-1]}{'A' if follow[-1] != 'A' else 'B'}") == 404
    # The form of one act is none for another one that is asked about once more.
    assert await visitor.sends(f"{follow}/effacer", **forms) == 403
    assert await visitor.sends(f"{follow}/retirer", **forms) == 403
    stage.clock.passes(days=15)
    assert await visitor.opens(follow) == 410
    visitor.sees("n'est plus valable")


async def test_a_lost_link_is_sent_again_and_nobody_learns_who_is_known(stage: Stage) -> None:
    visitor, _ = await following(stage)
    texts = []
    for address in (FIRM["contact"].upper(), "nobody@delta-meca.fr"):
        assert await visitor.sends("/formulaires/lien-perdu", email=address) == 200
        texts.append(visitor.text)
    assert texts[0] == texts[1]
    assert len(await letters(stage)) == 2


@pytest.mark.parametrize(
    ("header", "said", "lost"),
    [
        ("", "Ce lien n'est pas juste", '"/formulaires/lien-perdu"'),
        ("fr-FR,fr;q=0.9,en;q=0.8", "Ce lien n'est pas juste", '"/formulaires/lien-perdu"'),
        ("en-GB,en;q=0.9,fr;q=0.8", "This link is not right", '"/en/formulaires/lien-perdu"'),
        ("de-DE, en ; q=0.5", "This link is not right", '"/en/formulaires/lien-perdu"'),
        ("de-DE,es;q=x", "Ce lien n'est pas juste", '"/formulaires/lien-perdu"'),
        ("fr;q=0,en;q=0.001", "This link is not right", '"/en/formulaires/lien-perdu"'),
    ],
)
async def test_of_a_wrong_link_the_browser_tells_the_language(
    stage: Stage, header: str, said: str, lost: str
) -> None:
    visitor = Visitor(stage)
    visitor.client.headers["accept-language"] = header
    for path in ("/suivi/jamais", "/suivi/jamais/donnees", "/suivi/jamais/modifier/1"):
        assert await visitor.opens(path) == 404
        visitor.sees(said)
        assert lost in visitor.answer.text


@pytest.mark.parametrize("prefix", ["", "/en"])
async def test_no_link_is_promised_where_no_e_mail_leaves(mute_stage: Stage, prefix: str) -> None:
    visitor = Visitor(mute_stage)
    lost = f"{prefix}/formulaires/lien-perdu"
    assert await visitor.opens(lost) == 404
    assert "<form" not in visitor.answer.text
    assert await visitor.sends(lost, email=FIRM["contact"]) == 404
    visitor.sees("No e-mail leaves" if prefix else "Aucun e-mail ne part")
    assert await visitor.opens("/suivi/jamais") == 404
    assert "lien-perdu" not in visitor.answer.text
    assert "demandez-en un nouveau" not in visitor.text


@pytest.mark.parametrize("said", sorted(DONE))
async def test_only_what_was_done_is_said_as_done(stage: Stage, said: str) -> None:
    visitor, follow = await following(stage)
    assert await visitor.opens(f"{follow}?fait={said}") == 200
    look = re.search(r'<p class="(\w+)" role="status">([^<]*)', visitor.answer.text)
    assert look is not None
    was_not_done = re.search(r"[Rr]ien n'(a été fait|est parti|a changé)", html.unescape(look[2]))
    assert look[1] == ("notice" if was_not_done else "done")


async def test_who_asked_a_question_is_told_of_no_request_to_withdraw(stage: Stage) -> None:
    visitor, path = Visitor(stage), "/formulaires/question"
    await visitor.fills(path, text="Où est le guichet ?", contact=FIRM["contact"])
    assert await visitor.agrees(path) == 303
    visitor.sees("suivre votre question")
    told = (visitor.text, (await letters(stage))[-1]["text"])
    assert [words for words in told if "retirer" in words or "votre demande" in words] == []


OF_A_CHAT = re.compile(
    r"(?<![\w/])/(?:mes|supp|conf|prop|contact)|[Tt]ouche[zr]|[Tt]ape[zr]"
    r"|« Passer »|“Skip”|\b[Tt]ap\b"
)


@pytest.mark.parametrize("spoken", LANGUAGES)
@pytest.mark.parametrize("kind", MOVES)
def test_no_letter_on_a_move_speaks_of_a_chat(
    kind: EventKind, spoken: str, shipped: Knowledge
) -> None:
    identity = Identity("l'équipe", "a@b.fr", "04 91 00 00 00", "", "")
    services = Services(shipped, identity, lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    if not MOVES[kind].tells_firm:
        return
    for interest in each_end():
        with speaking(spoken), without_chat():
            said, _ = telling.words(services, interest, kind)
        assert not OF_A_CHAT.search(said), said


@pytest.mark.parametrize("slug", FORMS)
def test_no_form_on_a_page_speaks_of_a_chat(slug: str) -> None:
    """Walk the sources of all that a form may say there: its questions, refusals and consent."""
    text = FORMS[slug].form.text
    names = re.compile(
        r"(?:ask_(?!.*(?:_help|_sure|_kind)$)|bad_|siren_|vat_|several_|says_).*|consent"
    )
    for name in sorted(filter(names.fullmatch, text.names - {"bad_contact_kind"})):
        for source in inside(text, "sources").get(name), inside(text, "english").get(name):
            if source is not None:
                shown = re.sub(
                    r"{% if has_chat\(\) %}.*?{% (?:else|endif) %}", "", source, flags=re.DOTALL
                )
                shown = re.sub(r"'[^']*' if has_chat\(\)", "", shown)
                assert not OF_A_CHAT.search(shown), name


FIRST_PERSON = re.compile(r"\b(?:[Jj]e|moi)\b|\b[Jj]'|\bI\b|\bme\b")
KEPT = re.compile(r"gardé|\bkept\b")


@pytest.mark.parametrize("spoken", LANGUAGES)
@pytest.mark.parametrize("slug", FORMS)
def test_no_refusal_on_a_page_says_that_it_keeps_or_speaks_as_somebody(
    slug: str, spoken: str
) -> None:
    """Beside "nothing is kept before your last yes", and in a form in which nobody speaks."""
    text = FORMS[slug].form.text
    reasons = re.compile(r"(?:bad_|siren_|vat_|several_|says_).*|too_long|email_only|phone_only")
    found = sorted(filter(reasons.fullmatch, text.names - {"bad_contact_kind"}))
    assert len(found) > 10
    values: dict[str, Any] = dict.fromkeys(
        ("account", "code", "cut", "ending", "letter", "register", "said", "siren", "start"), "x"
    )
    values |= {"digits": 3, "expected": 10, "length": 900, "longest": 400, "number": "06"}
    values |= {"lines": ["a", "b"], "options": [("Suisse", "+41")], "project": None, "draft": None}
    for reason in found:
        for digits in (0, 3):
            with speaking(spoken), without_chat():
                said = refusal(text, reason, values | {"digits": digits})
            assert said, reason
            assert not FIRST_PERSON.search(said), (reason, said)
            assert not KEPT.search(said), (reason, said)


def test_refusals_of_pages_stand_for_those_of_the_chat() -> None:
    chat = {name for form in FORMS.values() for name in form.form.text.names}
    assert REFUSALS.names - {"rest_kept"} <= chat
    assert REFUSALS.names == REFUSALS.in_english


@pytest.mark.parametrize(("prefix", "mark"), [("", "(facultatif)"), ("/en", "(optional)")])
@pytest.mark.parametrize("slug", FORMS)
async def test_a_form_says_once_what_is_required(
    stage: Stage, slug: str, prefix: str, mark: str
) -> None:
    visitor = Visitor(stage)
    of_project = f"/{open_project(stage)}" if FORMS[slug].of_project else ""
    assert await visitor.opens(f"{prefix}/formulaires/{slug}{of_project}") == 200
    page = visitor.answer.text
    assert page.count(f"“{mark}”" if prefix else f"«\u00a0{mark}\u00a0»") == 1
    assert page.index(mark) < page.index("<form method")
    fields = re.findall(
        r'<label for="\w+">([^<]*)</label>.*?<(?:input|textarea)([^>]*)>', page, re.DOTALL
    )
    asked = [
        (label, own) for label, own in fields if "aria-required" in own or 'type="radio"' not in own
    ]
    asked = [each for each in asked if f'id="{TRAP}"' not in each[1]]
    assert asked
    for label, own in asked:
        assert (mark in label) != ('aria-required="true"' in own), label
    # The field that people never fill says why it is there.
    trap = re.search(rf'<label for="{TRAP}">([^<]*)<', page)
    assert trap is not None
    assert "programs" in trap[1] or "programmes" in trap[1]


async def test_french_names_are_marked_on_english_forms(stage: Stage) -> None:
    visitor = Visitor(stage)
    operator = html.escape(stage.running.parts.services.identity.operator).replace(
        "&#x27;", "&#39;"
    )
    assert await visitor.fills(f"/en/formulaires/interet/{open_project(stage)}", **FIRM) == 200
    recap = visitor.answer.text
    assert await visitor.opens(f"/en/formulaires/interet/{open_project(stage)}") == 200
    for page in (recap, visitor.answer.text):
        bare = re.sub(r'<(\w+) lang="fr"[^>]*>.*?</\1>', "", page)
        assert operator in page
        assert operator not in bare.partition("<body>")[2]


async def test_answers_changed_after_the_form_was_sent_are_not_lost_in_silence(
    stage: Stage,
) -> None:
    visitor, path = Visitor(stage), f"/formulaires/interet/{open_project(stage)}"
    await visitor.fills(path, **FIRM)
    recap = visitor.hidden
    assert await visitor.agrees(path) == 303
    # Back in the browser, twice: to the recap, whose answers are changed and sent again.
    await visitor.sends(path, step="check", **{**recap, "message": "Deux tours."})
    assert await visitor.agrees(path) == 409
    visitor.sees("a déjà été envoyé", (await standing(stage)).number, "n'est pas parti")
    assert len(await stage.rows(select(interests.c.id))) == 1
    # The same answers again are what stands.
    assert await visitor.sends(path, step="send", **recap) == 303


async def test_a_flood_costs_no_query(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is refused is refused before the database is asked."""
    visitor, _ = await following(stage)
    asked: list[object] = []
    monkeypatch.setattr(Database, "begin", lambda *given: asked.append(given))
    for number in range(30):
        forged = f"{'A' * 46}{'ABCDEFGHIJ'[number % 10]}"
        assert await visitor.opens(f"/suivi/{forged}") in {404, 429}
        assert await visitor.sends(f"/suivi/{forged}/effacer", form="x") in {404, 429}
        assert await visitor.opens(f"/suivi/{forged}/donnees") in {404, 429}
        assert await visitor.opens(f"/formulaires/recu/{forged}") == 404
    other = Visitor(stage, "203.0.113.20")
    path = "/formulaires/rappel"
    statuses = [await other.sends(path, form="x", contact="06 12 34 56 78") for _ in range(70)]
    assert statuses == [422] * 60 + [429] * 10
    assert await other.sends("/formulaires/lien-perdu", email=FIRM["contact"]) == 429
    large = Visitor(stage, "203.0.114.20")
    assert await large.sends(path, form="x", contact="x" * 50_000) == 413
    assert asked == []


async def test_networks_are_counted_as_one_customer_has_them(stage: Stage) -> None:
    path = "/formulaires/rappel"
    for number in range(20):
        visitor = Visitor(stage, f"2001:db8:7:{number:x}::1")
        await visitor.fills(path, contact="06 12 34 56 78")
        assert await visitor.agrees(path) == 303
    visitor = Visitor(stage, "2001:db8:7:ff::1")
    await visitor.fills(path, contact="06 12 34 56 78")
    assert await visitor.agrees(path) == 429
    # Through a proxy of ours, the last address is the one that it saw.
    proxied = Visitor(stage, "127.0.0.1")
    for seen, expected in (
        ("203.0.113.5, 2001:db8:7:fe::1", 429),
        ("2001:db8:7:fe::1, 203.0.113.5", 303),
    ):
        await proxied.fills(path, contact="06 12 34 56 78")
        recap = proxied.hidden
        proxied.client.headers["x-forwarded-for"] = seen
        assert await proxied.sends(path, step="send", **recap) == expected
        del proxied.client.headers["x-forwarded-for"]


async def test_nothing_of_a_network_or_an_address_is_kept_or_logged_in_clear(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    visitor, follow = await following(stage)
    await visitor.acts(follow, "mot", mot="Un four aussi.")
    await visitor.sends("/formulaires/lien-perdu", email=FIRM["contact"])
    keys = [row.key for row in await stage.rows(select(allowances.c.key))]
    known = [hashlib.sha256(FIRM["contact"].encode()).hexdigest(), "198.51.100", "delta-meca"]
    assert len(keys) >= 3
    assert not any(one in key for one in known for key in keys)
    ours = ("bot.", "handlers.", "storage.")
    logged = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith(ours))
    assert "a form of the pages was sent" in logged
    said = ["198.51.100.7", "delta-meca", "Samira", "Un four", follow.removeprefix("/suivi/")]
    assert [one for one in said if one in logged] == []


async def test_a_visitor_of_whom_nothing_is_left_is_forgotten(stage: Stage) -> None:
    await following(stage)
    durations = Durations()
    stage.clock.passes(days=2)
    async with stage.running.parts.database.begin() as work:
        await work.retention.apply(durations)
    assert len(await stage.rows(select(people))) == 1
    stage.clock.passes(seconds=durations.interest.total_seconds() + 86_400)
    async with stage.running.parts.database.begin() as work:
        await work.retention.apply(durations)
    assert (await standing(stage)).is_anonymous
    assert await stage.rows(select(people)) == []


async def test_the_forms_need_no_public_page_on_their_server(
    shipped: Knowledge, tmp_path: Path, blank_file: Path
) -> None:
    settings = given(1, listen_port=0, site_url="https://site.exemple.fr/ti")
    async with mailing(shipped, tmp_path, blank_file, **settings) as stage:
        visitor = Visitor(stage)
        assert await visitor.opens("/formulaires/rappel") == 200
        links = re.findall(r'(?:href|src|action)="([^"]+)"', visitor.answer.text)
        led_to = {link for link in links if not link.startswith(("#", "data:", "mailto:", "tel:"))}
        own = {link for link in led_to if link.startswith("/")}
        assert {link.partition("?")[0] for link in own} == {
            "/formulaires/style.css",
            "/formulaires/rappel",
        }
        assert all(link.startswith("https://site.exemple.fr/ti/") for link in led_to - own)
        assert await visitor.opens("/formulaires/style.css") == 200
        assert visitor.answer.headers["content-type"].startswith("text/css")
        assert ".summary" in visitor.answer.text
