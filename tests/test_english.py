"""Everything that people read is in English too, and nothing that the team reads is."""

import functools
import html
import re
from pathlib import Path

import pytest
from dialogue import Message, Speaker, Stage, buttons, choice_of, decides
from jinja2 import Environment
from jinja2.meta import find_undeclared_variables
from test_dialogue_handoff import card, replies
from test_dialogue_interest import open_project
from test_dialogue_privacy import file_of
from yaml_files import data_of

import bot.messages
import handlers.messages
from bot.command_menus import COMMANDS
from knowledge.knowledge import Knowledge
from knowledge.matcher.matcher import Decision, Outcome
from knowledge.model import Entry
from knowledge.text.language_id import language_of
from knowledge.text.normalise import normalise

FOLDER = Path(handlers.messages.__file__).parent
ENGLISH = "en"
# Files that only the team reads.
TEAM_FILES = {
    "figures",
    "groups",
    "leads_sought",
    "posters",
    "hiding",
    "publication",
    "replies",
    "request_lists",
    "team_mail",
    "trial",
    "unanswered",
}
# And one of words that are compared with what is typed, in both languages.
TEAM_FILES |= {"typed_words"}
# In the other files: what only the team reads, what is the same in every language or stored, and
# words of both languages that are compared with what is typed.
FRENCH_ONLY = {
    "administration": (
        r"(?!told_|refusal_(?!given_up|too_long|not_text|unread)|see_request|other_projects"
        r"|propose).*"
    ),
    "alerts": r"(?!lost_answer).*",
    "callback": r"title_.*",
    "caps": r"replies|ends|moves|notes|examinations|posters|team_member|other_group",
    "exchange": r"from_person|person_corrected|delivered|blocked|undelivered|reposted"
    r"|no_letter",
    "general": r"where_.*",
    "handoff": (
        r"no_letter|card|from_person|person_corrected|close|reopen|delivered|blocked|undelivered|reposted"
        r"|moved|elsewhere|which_exchange|unknown|thread_closed|text_only|not_a_command"
        r"|reply_too_long|closed_toast|closed_quietly_toast|reopened_toast|too_late|erased"
        r"|close_question|close_sure|keep_open|kept_open_toast"
        r"|signature_.*"
    ),
    "introduction": r"(?!question|agree|refuse$|refused_told|see_request|note_).*",
    "language": r"language_.*|words_.*|offer_english",
    "media": r"only_words_passed_on",
    "proposal": r"title_.*",
    "questions": r"foreign_.*",
    "requests": r"waiting",
    "reminders": r"basket.*|owner.*",
    "rights": r"list_erased|search_erased|details_erased|recipients_to_tell",
    "subscriptions": r"team_.*",
    "towns": r"departments",
    "values": r"value_status_.*",
    "visitor_letters": r"unreachable|too_many_forms",
}


def sources(path: Path) -> dict[str, str]:
    found: dict[str, str] = data_of(path.read_text("utf-8"))
    return found


PAIRS = [
    (path.stem, sources(path), sources(FOLDER / ENGLISH / path.name))
    for path in sorted(FOLDER.glob("*.yaml"))
    if path.stem not in TEAM_FILES
]
BOTH = [
    pytest.param(french[name], english[name], id=f"{file}.{name}")
    for file, french, english in PAIRS
    for name in english
]
TEMPLATES = Environment(autoescape=True)
TEMPLATES.filters.update(day=str, moment=str, weekday=str, named=str)


CATALOGUES = sorted([*FOLDER.rglob("*.yaml"), *Path(bot.__file__).parent.rglob("messages.yaml")])


@pytest.mark.parametrize("path", CATALOGUES, ids=str)
def test_no_message_counts_on_spaces_at_its_ends_which_are_left_out(path: Path) -> None:
    lost = {name for name, said in sources(path).items() if said.strip("\n") != said.strip()}
    assert not lost


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.yaml")), ids=str)
def test_no_message_is_written_twice(path: Path) -> None:
    names = re.findall(r"^(\w+):", path.read_text("utf-8"), re.MULTILINE)
    assert sorted(names) == sorted(set(names))


def test_what_the_team_reads_has_no_english() -> None:
    assert not [name for name in TEAM_FILES if (FOLDER / ENGLISH / f"{name}.yaml").exists()]


@pytest.mark.parametrize(("file", "french", "english"), PAIRS, ids=[name for name, _, _ in PAIRS])
def test_every_message_that_people_read_has_its_english(
    file: str, french: dict[str, str], english: dict[str, str]
) -> None:
    french_only = {n for n in french if re.fullmatch(FRENCH_ONLY.get(file, "(?!)"), n)}
    assert set(french) - french_only == set(english)


@pytest.mark.parametrize(("french", "english"), BOTH)
def test_the_english_tells_as_much_as_the_french(french: str, english: str) -> None:
    variables, both = [], (french, english)
    for source in both:
        TEMPLATES.from_string(source)
        variables.append(find_undeclared_variables(TEMPLATES.parse(source)))
    assert variables[0] == variables[1]
    for kind in (r"(?<![\w<])/[a-z]+", r"\d+", r"</?[a-z]+\b"):
        told = [sorted(re.findall(kind, _plain(one))) for one in both]
        assert told[0] == told[1]


def _plain(source: str) -> str:
    """Return a message without what its template computes, and numbers without separators."""
    bare = re.sub(r"\{[{%].*?[}%]\}", " ", source)
    return re.sub(r"(?<=\d)[\s,](?=\d{3})", "", bare)


@pytest.mark.parametrize(("french", "english"), BOTH)
def test_the_english_is_typeset_as_english(french: str, english: str) -> None:
    assert not re.search(r"[«»]|\w [:;?!]", re.sub(r"\{[{%].*?[}%]\}", "…", english))


def test_the_menus_of_telegram_are_in_english_too() -> None:
    assert bot.messages.TEXT.in_english >= {f"command_{name}" for name in COMMANDS}
    assert bot.messages.TEXT.in_english >= {"description", "short_description"}


async def test_an_english_telegram_shows_an_english_menu(whole_stage: Stage) -> None:
    scope = {"type": "all_private_chats"}
    menus = whole_stage.messenger.menus
    assert "See the open projects" in str(menus.get(scope, "en"))
    assert "Voir les projets ouverts" in str(menus.get(scope, ""))


# What an English dialogue may hold in French: what projects, firms and entries say of themselves.
def _words_of_others(stage: Stage) -> list[str]:
    services = stage.running.parts.services
    projects = stage.knowledge.census.listed(services.today())
    said = [services.identity.operator, "Bouches-du-Rhône", "Territoires d'industrie"]
    for project in projects:
        said += [project.title, project.summary, project.seeks, project.lead or ""]
        said += [*project.territories, *project.sectors]
    return sorted(filter(None, said), key=len, reverse=True)


def lines(messages: list[Message], without: list[str]) -> list[str]:
    """Return each line that the bot said, and each label, without these words."""
    found = []
    for message in messages:
        if not message["from"]["is_bot"]:
            continue
        said = message.get("text") or message.get("caption") or ""
        labels = [button["text"] for button in buttons(message)]
        found += [_without(line, without) for line in (*said.splitlines(), *labels)]
    return found


def _without(line: str, words: list[str]) -> str:
    return functools.reduce(lambda left, each: left.replace(each, ""), words, line)


def in_language(language: str, said: list[str]) -> list[str]:
    return [line for line in said if language_of(normalise(line)) == language]


async def _asks(sme: Speaker) -> None:
    await sme.says("Who can take part in the projects?")
    await sme.says("What is the weather on Mars, and who would know?")
    for command in ("aide", "themes", "projets", "contact", "confidentialite", "mesdemandes"):
        # Not too fast to be answered.
        sme.stage.clock.passes(seconds=10)
        await sme.says(f"/{command}")
    await sme.says("/nosuchcommand")
    await sme.sends("voice", voice={"file_id": "1", "file_unique_id": "1", "duration": 1})
    await sme.says("thanks")


async def _is_interested(sme: Speaker, stage: Stage) -> None:
    await sme.says(f"/start p_{open_project(stage)}")
    await sme.taps("I am interested")
    await sme.taps("I understand, start")
    await sme.says("?")
    for typed in ("Delta Machining", "Sam Cooper", "By phone", "12", "06 12 34 56 78"):
        stage.clock.passes(seconds=10)
        await sme.says(typed)
    for typed in ("take part in the project", "back", "1", "skip", "732"):
        stage.clock.passes(seconds=10)
        await sme.says(typed)
    await sme.taps("Skip")
    sme.sees("Summary", "Delta Machining", "By confirming, you agree")
    await sme.says("yes")
    sme.sees("It is recorded", "TI-2026-0001")


async def _proposes(sme: Speaker) -> None:
    sme.stage.clock.passes(minutes=1)
    await sme.says("/proposer")
    await sme.taps("I understand, start")
    await sme.taps("A resource to share")
    await sme.says("A lathe that is free on Fridays")
    sme.sees("Summary")
    await sme.says("stop")
    await sme.taps("Yes, give up")


async def test_an_english_dialogue_is_english_and_the_team_reads_french(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    facilitator = stage.member(stage.messenger.facilitators)
    await _asks(sme)
    await _is_interested(sme, stage)
    await administrator.taps("Pris en charge")
    sme.received("Somebody is now in charge of your request TI-2026-0001")
    await sme.taps("See my request")
    sme.sees("What has happened")
    await _proposes(sme)
    stage.clock.passes(minutes=1)
    await sme.says("/contact")
    await sme.taps("Hand over to a facilitator")
    await sme.says("Who would pay for the machines if the project were to stop?")
    await sme.taps("Yes, hand it over")
    await replies(facilitator, "Nobody knows.", card(facilitator))
    sme.received("Answer from", "Nobody knows.")
    await sme.taps("Reply")
    await sme.says("Thank you very much for that.")
    await facilitator.taps("Clore")
    sme.received("The team has closed the exchange")
    stage.clock.passes(minutes=1)
    await sme.says("/mesdonnees")
    said = [m for m in sme.messages() if not m["from"]["is_bot"] and "text" in m]
    typed = sorted((m["text"] for m in said), key=len, reverse=True)
    told = [
        line for group in (administrator, facilitator) for line in lines(group.messages(), typed)
    ]
    await sme.says("/supprimer")
    await sme.taps("Yes, erase everything")
    sme.sees("Everything is erased.")
    told += [line for group in (administrator, facilitator) for line in lines(group.messages(), [])]
    assert in_language("fr", lines(sme.messages(), _words_of_others(stage))) == []
    assert len(in_language("fr", told)) > 9
    assert in_language("en", told) == []


def _in_both(knowledge: Knowledge) -> list[Entry]:
    titled = [each for each in knowledge.entries if each.en and each.en.title != each.title]
    return [each for each in titled if each.en and each.title not in each.en.title]


async def test_the_titles_that_an_english_firm_reads_are_english(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, *_ = _in_both(stage.knowledge)
    project = stage.knowledge.project(open_project(stage))
    assert project is not None
    vague, lathe = "Which of these would be the better way?", "We have a lathe for your projects"
    shown = Decision(Outcome.PROJECTS, (), (), projects=(project.id,))
    decides(monkeypatch, {vague: choice_of(first.id, second.id), lathe: shown})
    await sme.says(lathe)
    await sme.says(vague)
    await sme.says("/contact")
    await sme.taps("Hand over to a facilitator")
    await sme.says("Who would pay for the machines if the project were to stop?")
    titles = [str(each.en and each.en.title) for each in (first, second)]
    sme.sees(f"({' or '.join(titles)})", f"({project.title})")
    # Asked beside a town, an entry is offered by its title.
    town = "We are in Istres, can we take part?"
    decides(monkeypatch, {town: Decision(Outcome.ANSWER, (first.id,), (), likely=True)})
    await sme.taps("Yes, hand it over")
    await sme.says(town)
    assert titles[0] in sme.labels
    # And so does the page of one's data.
    await sme.says("/mesdonnees")
    page = html.unescape(await file_of(sme, stage))
    assert all(title in page for title in titles)
    for each in (first, second):
        assert each.title not in page
        assert each.title not in " ".join(lines(sme.messages(), []))


async def test_an_english_firm_reads_its_request_in_english_and_the_team_is_told_so(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await sme.says("Who can take part in the projects?")
    await _is_interested(sme, stage)
    await administrator.taps("Pris en charge")
    await administrator.taps("Mettre en relation")
    await administrator.taps("Choisir à qui transmettre")
    await administrator.taps("1.")
    await administrator.taps("Demander son accord")
    await sme.taps("No, do not pass them on")
    await sme.taps("See my request")
    sme.sees("Agreement asked for to pass", "No, do not pass my contact details on to")
    assert in_language("fr", lines(sme.new, _words_of_others(stage))) == []
    await sme.says("/mesdonnees")
    page = html.unescape(await file_of(sme, stage))
    assert "No, do not pass my contact details on to" in page
    assert "ne pas transmettre" not in page
    await administrator.taps("Suite")
    await administrator.taps("Refuser")
    await administrator.taps("Projet complet")
    administrator.sees("L'entreprise lira ceci, en anglais :", "n'est pas retenue")


async def test_a_french_dialogue_has_no_english(sme: Speaker, stage: Stage) -> None:
    await sme.says("Qui peut participer aux projets ?")
    await sme.says("/aide")
    await sme.says("/projets")
    assert in_language("en", lines(sme.messages(), _words_of_others(stage))) == []


async def test_the_language_chosen_is_kept_whatever_is_typed(sme: Speaker) -> None:
    await sme.says("/langue")
    sme.sees("Dans quelle langue")
    assert sme.labels == ["Français", "English"]
    await sme.taps("English")
    sme.sees("from now on I answer you in English")
    await sme.says("Qui peut participer aux projets ?")
    assert in_language("en", sme.text.splitlines())
    await sme.says("/language")
    await sme.taps("Français")
    await sme.says("Who can take part in the projects?")
    assert in_language("fr", sme.text.splitlines())


@pytest.mark.parametrize("typed", ["et en anglais ?", "in English please", "vous parlez anglais ?"])
async def test_english_that_is_asked_for_in_words_is_spoken(sme: Speaker, typed: str) -> None:
    question = sme.stage.knowledge.entries[0].question
    await sme.says(question)
    await sme.says(typed)
    # What was last shown is said again, in that language.
    sme.sees("All right, in English.", "Checked on")
    await sme.says("et en français ?")
    sme.sees("D'accord, en français.", "Vérifié le")
    await sme.says(typed)
    await sme.says("/aide")
    sme.sees("What you can do here")
    await sme.says(question)
    sme.sees("Vérifié le")


async def test_a_third_language_gets_its_line_whatever_language_was_chosen(sme: Speaker) -> None:
    await sme.says("/langue")
    await sme.taps("English")
    await sme.says("¿Quién financia los proyectos y cómo puedo participar?")
    sme.sees("He leído su pregunta")
    assert in_language("en", sme.text.splitlines())


async def test_what_may_be_either_language_is_answered_as_before(sme: Speaker) -> None:
    await sme.says("ok")
    assert in_language("fr", sme.text.splitlines())
    await sme.says("Who can take part in the projects?")
    await sme.says("ok")
    assert in_language("fr", [*sme.text.splitlines(), *sme.labels]) == []


async def test_names_typed_in_a_form_do_not_change_its_language(sme: Speaker, stage: Stage) -> None:
    await sme.says("Who can take part in the projects?")
    await sme.says(f"/start p_{open_project(stage)}")
    await sme.taps("I am interested")
    await sme.taps("I understand, start")
    await sme.says("Les Ateliers de la Crau et du Rhône")
    sme.sees("What is your full name?")
    await sme.says("Jean de la Tour")
    sme.sees("How would you like to be contacted?")
