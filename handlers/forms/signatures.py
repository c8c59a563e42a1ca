"""Several lines where one name is asked for: a signature, or a card, pasted whole.

A line is taken where it is plainly the one: it bears the label, a form of company, the words of the
domain or the mailbox; or all others are plainly something else. Between two, only the person knows.
"""

import functools
import re
from collections.abc import Sequence

from handlers.forms import cleaning, contacts, sirets, slips
from handlers.forms.steps import Answers, RefusedError
from handlers.messages import Catalogue
from knowledge.text.normalise import normalise
from knowledge.text.signs import plain_signs
from storage.records.interests import ContactKind

TEXT = Catalogue.of("remarks")
_LINES, _MARKS = re.compile(r"\s*\n\s*"), re.compile(r"\s*(?:\n|\s[|\u2022\u00b7]\s)\s*")
_LINK = re.compile(r"(?:https?://|www\.)\S+|(?:[\w-]+\.)+[a-z]{2,10}", re.IGNORECASE)
_PLACE = re.compile(
    r"\b\d{5}\s+[^\W\d]|\b(?:BP|CS|cedex)\b|^\d{1,4}(?:\s?(?:bis|ter))?,?\s+[^\W\d]", re.IGNORECASE
)
_OTHER = {"company": "name", "name": "company"}
# A part of a domain, or of a mailbox, that is shorter tells nothing.
_FEWEST_LETTERS = 3


def lines_of(text: str) -> tuple[str, ...]:
    """Return the lines of a text; with a contact in it, also what a stroke or a dot divides.

    A line that goes on the one before, with a small letter or a form of company, is one with it.
    """
    plain = plain_signs(text).strip()
    pattern = _MARKS if contacts.find(plain) else _LINES
    lines: list[str] = []
    for line in filter(None, pattern.split(plain)):
        goes_on = line[0].islower() or normalise(line) in _phrases("company_forms")
        is_own = contacts.find(line) or _LINK.fullmatch(line)
        if lines and not is_own and (lines[-1].endswith("-") or goes_on):
            lines[-1] = f"{lines[-1]}\n{line}" if lines[-1].endswith("-") else f"{lines[-1]} {line}"
        else:
            lines.append(line)
    return tuple(lines)


def line_in(text: str, key: str, answers: Answers) -> str:
    """Return the line of a text that is the name asked for; all of a text of one line.

    Empty if no line can be it; RefusedError if several can.
    """
    lines = lines_of(text)
    if len(lines) == 1 or _is_in_parts(lines, key):
        return text
    signs = _Signs(text)
    labelled = [line for line in lines if cleaning.is_labelled(line, key)]
    # "Nom" labels a firm or a person: what says more goes before it.
    plainly = [line for line in labelled if not cleaning.is_labelled(line, _OTHER[key])]
    able = plainly or labelled or _able(lines, key, answers)
    own = [line for line in able if signs.of(line, key)]
    others = [line for line in able if not signs.of(line, _OTHER[key])]
    found = own if len(own) == 1 else others
    if len(found) > 1:
        raise RefusedError(f"several_lines_{key}", lines=found)
    return found[0] if found else ""


def _is_in_parts(lines: Sequence[str], key: str) -> bool:
    """Tell whether all lines together are one name: "Nom : Costa", "Prénom : Samira"."""
    has_parts = f"inner_labels_{key}" in TEXT.names
    return has_parts and all(cleaning.is_labelled(line, key) for line in lines)


def left_out(text: str, given: Answers) -> tuple[str, ...]:
    """Return the lines of a text of several that no answer holds; words of politeness aside."""
    lines = lines_of(text)
    if len(lines) == 1:
        return ()
    kept = " ".join(given.values())
    # The words of an address are no line of their own: delta.fr is not "Delta".
    words = set(normalise(contacts.without_others_in(kept)[0]).split())
    return tuple(line for line in lines if not _is_kept(line, kept, words))


def _is_kept(line: str, kept: str, words: set[str]) -> bool:
    found = contacts.find(line)
    rest, _ = contacts.without_others_in(line)
    is_reached = all(one.value in kept or line[one.start : one.end] in kept for one in found)
    bare = min((cleaning.bare(rest, key) for key in _OTHER), key=len) if rest.strip() else ""
    said = " ".join(word for word in normalise(bare).split() if word not in words)
    is_label = bool(found) and normalise(rest) in _phrases("signature_words")
    return is_reached and (is_label or not contacts.says_something(said))


def _able(lines: Sequence[str], key: str, answers: Answers) -> list[str]:
    """Return the lines, without contacts, that may be a name of a firm or of a person."""
    known = {normalise(answers.get(other, "")) for other in _OTHER if other != key}
    bare = (contacts.without_others_in(line)[0].strip(" ,;:|-") for line in lines)
    return [line for line in bare if _may_name(line, key) and normalise(line) not in known]


def _may_name(line: str, key: str) -> bool:
    if not contacts.says_something(line) or cleaning.is_labelled(line, _OTHER[key]):
        return False
    if _LINK.search(line) or _PLACE.search(line) or sirets.find(line) or sirets.names_one(line):
        return False
    words = normalise(line)
    jobs = _phrases("job_words")
    return words not in _phrases("signature_words") and jobs.isdisjoint(words.split())


class _Signs:
    """What a text tells of its lines: the words of its domains and mailboxes."""

    def __init__(self, text: str) -> None:
        plain = plain_signs(text)
        addresses = [one.value for one in contacts.find(plain) if one.kind is ContactKind.EMAIL]
        links = [match[0] for match in _LINK.finditer(contacts.without_others_in(plain)[0])]
        self._domains = [_domain(each) for each in (*addresses, *links)]
        self._boxes = [normalise(each.partition("@")[0]).split() for each in addresses]

    def of(self, line: str, key: str) -> bool:
        """Tell whether a line is plainly the name of a firm, or of a person, by ``key``."""
        words = normalise(line).split()
        if key == "company":
            is_named = any(_names(domain, words) for domain in self._domains)
            return is_named or not _phrases("company_forms").isdisjoint(words)
        in_box = any(self._is_of(words, box) for box in self._boxes)
        return in_box or (bool(words) and words[0] in _phrases("civilities"))

    @staticmethod
    def _is_of(words: list[str], box: list[str]) -> bool:
        """Tell whether a mailbox is made of the words of a line: samira.costa, scosta, costa."""
        name = "".join(box)
        if len(name) < _FEWEST_LETTERS or not 1 < len(words) <= 4:  # noqa: PLR2004 (a person's name)
            return False
        return any(len(word) >= _FEWEST_LETTERS and word in name for word in words[1:]) or (
            set(box) <= set(words)
        )


def _domain(address: str) -> str:
    """Return the name in a domain or a link, without what stands around it: "delta"."""
    host = re.sub(r"^(?:https?://)?(?:www\.)?", "", address.rpartition("@")[2].lower())
    name = re.split(r"[/?]", host)[0].rpartition(".")[0]
    return "" if slips.is_common(host) else name


def _names(domain: str, words: Sequence[str]) -> bool:
    """Tell whether a domain is made of the words of a line, or they of it."""
    parts, whole = normalise(domain).split(), "".join(words)
    run = "".join(parts)
    if min(len(run), len(whole)) < _FEWEST_LETTERS:
        return False
    return run in whole or whole in run or set(parts) <= set(words)


@functools.cache
def _phrases(name: str) -> frozenset[str]:
    phrases = (phrase for said in TEXT.labels(name) for phrase in said.split(";"))
    return frozenset(map(normalise, phrases))
