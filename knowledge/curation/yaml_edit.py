"""Edits the facilitators' files as text: one line changes, all else stays byte for byte.

PyYAML's marks tell where to insert; the file is never serialised again. The edited text is parsed
before it is returned, and refused unless it differs from the original by the added text alone.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import Reader

from knowledge.files.decoding import composed
from knowledge.files.problems import Place, Problem, Severity, problem
from knowledge.files.yaml_reader import SafeLoader, parse
from knowledge.loading import ACTS, FAQ, VOICES
from knowledge.text.hidden import HIDDEN
from knowledge.text.length import units
from knowledge.text.normalise import normalise

# The voice that holds the questions marked out of scope from Telegram.
VOICE = "facilitateurs"
# The limits of the schemas.
LONGEST_PHRASING = 500
LONGEST_QUESTION = 1500
# The line breaks of YAML 1.1.
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_MARK = "\ufeff"


class EditError(Exception):
    """Raised for an edit that cannot be made; its text says in French why, and what to do."""

    def __init__(self, refusal: Problem) -> None:
        super().__init__(f"{refusal.message} {refusal.remedy}")
        self.problem = refusal


@dataclass(frozen=True, slots=True)
class _Insertion:
    """A text to put at an index."""

    at: int
    text: str


def with_phrasing(text: str, entry_id: str, phrasing: str, file: str = FAQ) -> str:
    """Return faq.yaml with a phrasing at the end of an entry's ``variantes``, on a new line.

    With actes.yaml as ``file``, the same for an act.

    In a list between brackets, the phrasing goes on the list's line. EditError if the entry is
    unknown, or if the phrasing is empty, too long, of several lines, or already an entry's.
    """
    key, phrasing = "actes" if file == ACTS else "entrees", composed(phrasing)
    _check_text(phrasing, LONGEST_PHRASING, file)
    data, root = _read(text, file)
    entries = _listed(data, key)
    entry = next((each for each in entries if each.get("id") == entry_id), None)
    if entry is None or not isinstance(entry.get("variantes"), list):
        raise _refusal("no_such_entry", file, id=entry_id)
    _check_new(phrasing, entries)
    number = _listed(data, key, every=True).index(entry)
    phrasings = _at(file, root, key, number, "variantes")
    entry["variantes"].append(phrasing)
    return _checked(_put(text, _appended(text, phrasings, _quoted(phrasing))), data, file)


def with_out_of_scope(voices: str, question: str) -> str:
    """Return formulations.yaml with one more question that no entry answers.

    The question goes to the facilitators' own voice, which is added at the end of the list the
    first time. An empty text stands for a missing file.
    """
    question = composed(question)
    _check_text(question, LONGEST_QUESTION, VOICES)
    if not voices.strip():
        return f"voix:\n{_voice(question, '  ', _newline(voices))}\n"
    data, root = _read(voices, VOICES)
    listed = _listed(data, "voix", every=True)
    if not listed:
        raise _refusal("not_editable", VOICES)
    _check_not_there(question, listed)
    for number, voice in enumerate(listed):
        if isinstance(voice, dict) and voice.get("nom") == VOICE:
            questions = _at(VOICES, root, "voix", number, "hors_sujet")
            voice["hors_sujet"].append(question)
            edit = _appended(voices, questions, _quoted(question))
            return _checked(_put(voices, edit), data, VOICES)
    listed.append({"nom": VOICE, "formulations": {}, "hors_sujet": [question]})
    return _checked(_put(voices, _new_voice(voices, root, question)), data, VOICES)


def added_lines(before: str, after: str) -> tuple[str, ...]:
    """Return the lines that are new or changed, without their line breaks."""
    old, new = before.splitlines(), after.splitlines()
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    # Skip the common beginning: it is most of a long file, and difflib is slow.
    matcher = difflib.SequenceMatcher(None, old[same:], new[same:], autojunk=False)
    return tuple(
        line
        for kind, _, _, start, end in matcher.get_opcodes()
        if kind in {"insert", "replace"}
        for line in new[same + start : same + end]
    )


def _check_text(text: str, longest: int, file: str) -> None:
    if len(text.splitlines()) > 1 or _BREAK.search(text):
        raise _refusal("phrasing_of_lines", file)
    if not normalise(text):
        raise _refusal("blank_phrasing", file)
    if Reader.NON_PRINTABLE.search(text) or HIDDEN.search(text):
        raise _refusal("phrasing_hidden_character", file)
    if units(text) > longest:
        raise _refusal("too_long", file, length=units(text), limit=longest)


def _check_new(phrasing: str, entries: list[dict[str, Any]]) -> None:
    """Refuse a text that is already the phrasing, the question or the title of an entry."""
    normalised = normalise(phrasing)
    for entry in entries:
        texts = (entry.get("question"), entry.get("titre"), *_texts(entry.get("variantes")))
        if any(isinstance(text, str) and normalise(text) == normalised for text in texts):
            raise _refusal("phrasing_there", FAQ, phrasing=phrasing, id=entry.get("id"))


def _check_not_there(question: str, voices: list[Any]) -> None:
    normalised = normalise(question)
    for voice in (each for each in voices if isinstance(each, dict)):
        if any(normalise(text) == normalised for text in _texts(voice.get("hors_sujet"))):
            raise _refusal("out_of_scope_there", VOICES, phrasing=question)
        formulations = voice.get("formulations")
        for entry, texts in (formulations if isinstance(formulations, dict) else {}).items():
            if any(normalise(text) == normalised for text in _texts(texts)):
                raise _refusal("phrasing_there", VOICES, phrasing=question, id=entry)


def _texts(value: object) -> Iterator[str]:
    return (
        (text for text in value if isinstance(text, str)) if isinstance(value, list) else iter(())
    )


def _read(text: str, file: str) -> tuple[Any, Node]:
    """Return the data of a file and its nodes; their marks count the characters after a BOM."""
    document, problems = parse(text.encode("utf-8", "surrogatepass"), file)
    errors = [each for each in problems if each.severity is Severity.ERROR]
    if document is None or errors:
        raise EditError(errors[0])
    # PyYAML's marks do not count the byte order mark, whether it is there or not.
    try:
        node = yaml.compose(text.removeprefix(_MARK), Loader=SafeLoader)
    except yaml.YAMLError:
        # The file is understood as it was meant (quotes of Word): a line cannot be placed in it.
        raise _refusal("not_editable", file) from None
    if node is None:
        raise _refusal("not_editable", file)
    return document.data, node


def _listed(data: Any, key: str, *, every: bool = False) -> list[Any]:  # noqa: ANN401 - any YAML
    values = data.get(key) if isinstance(data, dict) else None
    items = values if isinstance(values, list) else []
    return items if every else [item for item in items if isinstance(item, dict)]


def _at(file: str, node: Node, *path: str | int) -> SequenceNode:
    for part in path:
        child: Node | None = None
        if isinstance(node, MappingNode):
            child = next((value for key, value in node.value if _is_key(key, part)), None)
        elif isinstance(node, SequenceNode) and isinstance(part, int):
            child = node.value[part]
        if child is None:
            raise _refusal("not_editable", file)
        node = child
    if not isinstance(node, SequenceNode):
        raise _refusal("not_editable", file)
    return node


def _is_key(node: Node, name: str | int) -> bool:
    return isinstance(node, ScalarNode) and node.value == name


def _appended(text: str, sequence: SequenceNode, value: str) -> _Insertion:
    """Return the insertion that adds a value to a list, in the style of the list."""
    lead = len(text) - len(text.removeprefix(_MARK))
    if sequence.flow_style:
        if not sequence.value:
            return _Insertion(sequence.start_mark.index + lead + 1, value)
        return _Insertion(sequence.value[-1].end_mark.index + lead, f", {value}")
    return _after(text, sequence, f"- {value}")


def _after(text: str, sequence: SequenceNode, written: str) -> _Insertion:
    """Return the insertion that adds lines to a list with dashes, at the column of its dashes."""
    last = _last_leaf(sequence)
    lead = len(text) - len(text.removeprefix(_MARK))
    end, newline = last.end_mark.index + lead, _newline(text)
    indent = " " * sequence.start_mark.column
    lines = indent + written.replace("\n", newline + indent)
    # The end mark of a block of text is already at the start of the next line.
    if last.end_mark.column == 0 and end > 0 and text[end - 1] in "\r\n\x85\u2028\u2029":
        return _Insertion(end, lines + newline)
    if line_break := _BREAK.search(text, end):
        return _Insertion(line_break.end(), lines + newline)
    return _Insertion(len(text), newline + lines)


def _last_leaf(node: Node) -> Node:
    """Return the last leaf of a list: the end mark of the list itself comes after blank lines."""
    while node.value and not isinstance(node, ScalarNode) and not node.flow_style:  # type: ignore[attr-defined]  # collections have one
        last = node.value[-1]
        node = last[1] if isinstance(node, MappingNode) else last
    return node


def _new_voice(text: str, root: Node, question: str) -> _Insertion:
    voices = _at(VOICES, root, "voix")
    if voices.flow_style:
        written = f"{{nom: {VOICE}, formulations: {{}}, hors_sujet: [{_quoted(question)}]}}"
        return _appended(text, voices, written)
    return _after(text, voices, _voice(question, "", "\n").removesuffix("\n"))


def _voice(question: str, indent: str, newline: str) -> str:
    lines = (
        f"- nom: {VOICE}",
        "  formulations: {}",
        "  hors_sujet:",
        f"    - {_quoted(question)}",
    )
    return newline.join(indent + line for line in lines)


def _quoted(text: str) -> str:
    """Return a text between straight quotes, with the three characters that need it escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace(_MARK, "\\uFEFF")
    return f'"{escaped}"'


def _newline(text: str) -> str:
    """Return the line break of most lines."""
    windows, all_feeds = text.count("\r\n"), text.count("\n")
    if windows * 2 > all_feeds:
        return "\r\n"
    return "\n" if all_feeds or "\r" not in text else "\r"


def _put(text: str, insertion: _Insertion) -> str:
    return text[: insertion.at] + insertion.text + text[insertion.at :]


def _checked(edited: str, expected: object, file: str) -> str:
    """Return an edited file; refuse it if its data is not what the edit should give."""
    document, problems = parse(edited.encode("utf-8", "surrogatepass"), file)
    is_wrong = any(each.severity is Severity.ERROR for each in problems)
    if document is None or is_wrong or document.data != expected:
        raise _refusal("not_editable", file)
    return edited


def _refusal(code: str, file: str, **values: object) -> EditError:
    return EditError(problem(code, Place(file), file=file, **values))
