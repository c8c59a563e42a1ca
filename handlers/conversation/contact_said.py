"""What is typed under the question whether a contact happened: its answer, then a free word.

Both are read only while their buttons are what was shown last; whatever else is asked is answered.
"""

import re
from typing import TypeAlias

from handlers.conversation import typed_taps
from handlers.core import assent
from handlers.core.buttons import AskHelped, Relaunch, ShowRequest
from handlers.core.callback_data import SEPARATOR
from handlers.core.turn import Turn
from handlers.forms import contacts, words
from handlers.messages import Catalogue
from handlers.questions import ask
from handlers.requests import follow_up, numbers, own_requests, standing
from handlers.requests.follow_up import CONTACTED, AddNothing, SayHelped
from knowledge.text.signs import plain_signs
from storage.records.contexts import Context
from storage.records.interests import OPEN, Helped

TEXT = Catalogue.of("requests")
AboutRequest: TypeAlias = SayHelped | AddNothing | AskHelped | ShowRequest
# An answer this long says more than the button it stands for: it is a word for the team too.
_MOST_WORDS = 6
# Reasons of a decision that leave no doubt what a text means.
_CERTAIN = frozenset({"exact phrasing", "an act", "courtesies alone"})
_LONGEST = 60
_NO_USE = re.compile(
    r"sans (?:suite|interet|resultat|effet)|inutile|rien d.utile|rien donne|rien apporte"
    r"|(?:pas|rien)(?: \w+){0,2} (?:aide\w*|utile|servi|convain\w+|conclu\w*|abouti|suite)\b"
    r"|pas (?:interess\w+|d.accord)|no use|useless|nothing (?:useful|came)"
    r"|(?:not|n.t)(?: \w+){0,2} (?:help\w*|useful|interested)"
)
_NO_CONTACT = re.compile(
    r"\bpersonne\b|aucun\w* (?:contact|appel|retour|nouvelle|reponse|message)|toujours rien"
    r"|rien (?:recu|eu|du tout)|pas de (?:contact|appel|retour|nouvelle\w*|reponse)|jamais"
    r"|(?:pas|rien)(?: \w+){0,2} (?:contact\w*|appel\w*|rappel\w*|recu|repondu|joint\w*|ecrit)\b"
    r"|no ?body|no one|never|(?:no|any) (?:contact|call|news|answer|reply)|still nothing"
    r"|(?:not|n.t)(?: \w+){0,2} (?:contact\w*|call\w*|hear\w*|repl\w+|written)"
)
_HELPED = re.compile(
    r"\baid(?:e|ee|es|ant)\b|\butile|\bservi\b|tres bien|super|parfait|concluant|genial|abouti"
    r"|interessant|bon (?:contact|echange)|\bhelp(?:ed|ful|s)?\b|useful|great|perfect"
)
_CONTACTED = re.compile(
    r"^(?:oui|si|ouais|yes)\b|(?:m.a|nous a|m.ont|nous ont|on s.est|ai ete|a ete) "
    r"(?:bien )?(?:contact|appel|rappel|ecri|joint|parl)\w*|c.est fait"
    r"|(?:they|he|she|somebody|someone) (?:has |have )?(?:called|contacted|wrote|written)"
)
# What says so by itself, whatever was shown before.
_NEVER_CALLED = re.compile(
    r"personne (?:ne |n.)?(?:m.?a|nous a|m.?avait) |personne (?:ne )?(?:m.?e? ?|nous )r?app?el"
    r"|(?:on|il|elle|ils) (?:ne )?(?:m.a|m.ont|nous a|nous ont) "
    r"(?:pas|jamais|toujours pas) (?:re)?(?:contact|appel|ecrit)"
    r"|(?:pas|jamais) ete (?:re)?(?:contact|appel)|(?:nobody|no one) (?:has )?(?:call|contact)"
    r"|never (?:been )?(?:call|contact)"
)
# What is about the call that somebody waits for, rather than a wish for another one.
_CALL = re.compile(r"app?el|contact|call")
_WHEN_CALLED = re.compile(
    r"\bquand\b.{0,30}(?:\bm.?e? ?|\bnous )(?:re|r)?(?:app?el|contact)"
    r"|(?:\bm.?e? ?|\bnous )(?:re|r)?(?:app?el|contact)\w* quand|\bwhen\b.{0,30}\bcall"
)
_RELAUNCHES = re.compile(
    r"^(?:je (?:vous |veux |voudrais |souhaite )?)?relanc\w*"
    r"(?: (?:l.?equipe|(?:ma|mes|la|les) demandes?|vous))?[ .!]*$|^remind the team[ .!]*$"
)
# What cannot decline a button, although it begins with a no: it says that nobody called.
_NOBODY = re.compile(
    r"^(?:(?:non|nan|no|nope|toujours|encore|pour l.instant|desole|still|sorry)[ ,.;:!]+){1,3}"
    r"(?:personne|(?<=[esl] )rien|rien (?:recu|eu|encore)|(?<=ll )nothing|nobody|no one"
    r"|(?:aucun\w*|pas (?:encore )?(?:de|d.)|no|any) ?(?:contact|appel|call|nouvelle|news|retour"
    r"|reponse|answer)|pas encore (?:ete |eu )?\w*(?:appel|contact|joint))"
)
_NO = re.compile(r"^(?:non|nan|no|nope)\b")


def said_in(text: str) -> tuple[Helped, ...]:
    """Return the answers that a text may mean: one, both of a contact, or none for another text."""
    folded = numbers.fold(text).strip()
    if _NO_USE.search(folded):
        return (Helped.NO_USE,)
    if _NO_CONTACT.search(folded):
        return (Helped.NO_CONTACT,)
    if _HELPED.search(folded):
        return (Helped.HELPED,)
    if _CONTACTED.search(folded) or assent.is_yes(text):
        return CONTACTED
    return (Helped.NO_CONTACT,) if _NO.search(folded) else ()


async def hear(turn: Turn) -> bool:
    """Take the answer to the question shown last, or the word after it; False for other texts."""
    if turn.update.edited_message is not None:
        return False
    before = await turn.shown_before()
    if before is None:
        return await _ask_again(turn)
    asked, waits = _asked(before, SayHelped), _asked(before, AddNothing)
    if asked is not None:
        return await answer(turn, asked)
    if waits is not None and not _is_something_else(turn):
        await follow_up.take_word(turn, waits, turn.text)
        return True
    return await _ask_again(turn)


async def hear_that_nobody_called(turn: Turn) -> bool:
    """Take "non, personne" under what the bot said of a request whose firm was put in touch.

    Read before what declines the buttons in sight, which it does not mean.
    """
    before = None if turn.update.edited_message else await turn.shown_before()
    if before is None or _asks(turn.text) or not _NOBODY.search(numbers.fold(turn.text).strip()):
        return False
    meant = {id_ for kind in (AskHelped, ShowRequest) for id_ in _all_asked(before, kind)}
    request = await turn.work.interests.get(min(meant)) if len(meant) == 1 else None
    if request is None or not standing.can_be_asked(request):
        return False
    if request.person_id != (await turn.person()).id:
        return False
    word = turn.text if len(turn.text.split()) > _MOST_WORDS else ""
    await follow_up.take(turn, request.id, Helped.NO_CONTACT, word)
    return True


async def _ask_again(turn: Turn) -> bool:
    """Ask the question again of who says long after it that nobody called; False for others.

    Whoever waits for a call of the team already is told where that stands.
    """
    folded = numbers.fold(turn.text).strip()
    complains, reminds = _NEVER_CALLED.search(folded), _RELAUNCHES.search(folded)
    if not (complains or reminds or _WHEN_CALLED.search(folded)):
        return False
    requests = await turn.work.read_ahead.interests((await turn.person()).id)
    if complains and not _asks(turn.text):
        questions = [each for each in requests if not each.helped and standing.can_be_asked(each)]
        if len(questions) == 1:
            question = await follow_up.question(turn.posting, questions[0])
            turn.say(*question, about=questions[0].about_note)
            return True
    if complains and not _CALL.search(folded):
        return False
    waiting = [each for each in requests if each.status in OPEN]
    if reminds and len(waiting) == 1:
        return await typed_taps.tap(turn, Relaunch(waiting[0].id).pack())
    name = "sorry" if complains else "which_to_relaunch" if reminds else "still_awaited"
    if waiting:
        await own_requests.show_standing(turn, TEXT(name))
    return bool(waiting)


def _asked(before: Context, kind: type[AboutRequest]) -> int | None:
    """Return the id of the request that a button of this kind shown last is about."""
    return next(iter(_all_asked(before, kind)), None)


def _all_asked(before: Context, kind: type[AboutRequest]) -> list[int]:
    begins = f"{kind.PREFIX}{SEPARATOR}"
    found = [each.data for each in before.options if each.data.startswith(begins)]
    return [kind.unpack(data).interest_id for data in found]


async def answer(turn: Turn, interest_id: int) -> bool:
    """Take a text that answers the question about a request; False where it does not."""
    meant = () if _asks(turn.text) or len(turn.text.split()) > _LONGEST else said_in(turn.text)
    if len(meant) == 1:
        if len(turn.text.split()) > _MOST_WORDS:
            await follow_up.take(turn, interest_id, meant[0], turn.text)
        else:
            await typed_taps.tap(turn, SayHelped(interest_id, meant[0]).pack())
    elif meant:
        request = await turn.work.interests.get(interest_id)
        if request is None:
            return False
        keyboard = follow_up.keyboard_of(request, meant)
        turn.say(TEXT("follow_up_which"), keyboard, about=request.about_note)
    return bool(meant)


def _asks(text: str) -> bool:
    return text.rstrip().endswith("?") or words.opens_like_a_question(text)


def _is_something_else(turn: Turn) -> bool:
    """Tell whether a text is a question, an act, or a contact alone, rather than a word."""
    if _asks(turn.text):
        return True
    # "Où en est TI-2026-0042" is about the request; a word may name it beside what it says.
    if numbers.printed_in(turn.text) and len(turn.text.split()) <= _MOST_WORDS:
        return True
    typed = plain_signs(turn.text)
    found = contacts.find(typed)
    if found and not contacts.beside(typed, found[0]):
        return True
    # What is but likely is taken for the word that was asked for.
    decision = ask.decide(turn.services, turn.text)
    return not decision.has_words or decision.reason in _CERTAIN
