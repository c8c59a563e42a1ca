"""Takes an answer out of all files at once, hides one, shows it again, and closes a project.

The files are edited as text (``yaml_cuts``): each edited text is parsed, and refused unless its
data are exactly what the change should give. Nothing is written here.
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from knowledge.curation.yaml_cuts import Cutter, TextCut, applied
from knowledge.curation.yaml_edit import EditError
from knowledge.files.items import is_draft
from knowledge.files.problems import Place, Severity, problem
from knowledge.files.yaml_reader import SafeLoader, parse
from knowledge.loading import ACTS, FAQ, PROJECTS, QUESTIONS, VOICES

HIDDEN = "oui"
_LISTS = {
    FAQ: "entrees",
    PROJECTS: "projets",
    ACTS: "actes",
    VOICES: "voix",
    QUESTIONS: "questions",
}
# What a new key follows: the first of these that the item has.
_BEFORE = {"brouillon": ("id",), "retire_le": ("mis_a_jour_le", "id")}
# The files that may hold something of an answer.
OF_AN_ENTRY = (FAQ, ACTS, VOICES, QUESTIONS)

Texts = Mapping[str, str]
_N = TypeVar("_N", bound=Node)


@dataclass(frozen=True, slots=True)
class _Read:
    """A file's text, its data and its nodes."""

    file: str
    text: str
    data: Any
    root: Node

    def items(self) -> Iterator[tuple[int, dict[str, Any], MappingNode]]:
        """Return the items of the file's list, with their numbers and nodes."""
        nodes = self.sequence().value
        for number, raw in enumerate(self.data[_LISTS[self.file]]):
            if isinstance(raw, dict) and isinstance(nodes[number], MappingNode):
                yield number, raw, nodes[number]

    def sequence(self) -> SequenceNode:
        """Return the node of the file's list."""
        return _under(self.root, _LISTS[self.file], SequenceNode, self.file)


def without_entry(texts: Texts, entry_id: str) -> dict[str, str]:
    """Return the files that change where an answer goes, with all that belongs to it.

    ``texts`` holds the files of ``OF_AN_ENTRY`` that there are. Out go the answer, its phrasings of
    all voices, its id wherever other answers and acts name it, and the control questions that only
    it answers. An answer that was taken out of faq.yaml by hand leaves its rest to be removed.
    EditError where no file has anything of the id, where it is the only answer, or where a file
    cannot be edited safely.
    """
    cleaned = {_cleaned(read, entry_id) for read in _all_read(texts, OF_AN_ENTRY)}
    changed = dict(sorted(each for each in cleaned if each[1] != texts[each[0]]))
    if not changed:
        raise _refusal("nothing_to_remove", FAQ, id=entry_id)
    return changed


def removed(texts: Texts, file: str, item_id: str, today: date) -> dict[str, str]:
    """Return the files that change where an answer is removed, or a project closed.

    A project stays in its file: its links and old buttons say that it takes no more requests.
    """
    return closed(texts, item_id, today) if file == PROJECTS else without_entry(texts, item_id)


def named_in_texts(texts: Texts, entry_id: str) -> tuple[str, ...]:
    """Return the ids of the answers and acts whose text names an answer by its title.

    Nobody can rewrite a text but who knows what it should say.
    """
    listed = [raw for read in _all_read(texts, (FAQ, ACTS)) for _, raw, _ in read.items()]
    titles = [f"« {raw.get('titre')} »" for raw in listed if raw.get("id") == entry_id]
    others = [raw for raw in listed if raw.get("id") != entry_id]
    return tuple(
        str(raw.get("id")) for raw in others if any(title in _prose(raw) for title in titles)
    )


def _prose(raw: Mapping[str, Any]) -> str:
    text = " ".join(str(raw.get(key, "")) for key in ("reponse", "suite"))
    return " ".join(text.split())


def hidden(texts: Texts, file: str, item_id: str) -> dict[str, str]:
    """Return the file with an answer or a project hidden; EditError where it already is."""
    read, number, raw, node = _found(texts, file, item_id)
    if is_draft(raw):
        raise _refusal("hidden_already", file, id=item_id)
    return {file: _with_key(read, number, node, "brouillon", HIDDEN)}


def shown(texts: Texts, file: str, item_id: str) -> dict[str, str]:
    """Return the file with an answer or a project back in service; EditError where it is."""
    read, number, raw, node = _found(texts, file, item_id)
    if not is_draft(raw):
        raise _refusal("shown_already", file, id=item_id)
    expected = copy.deepcopy(read.data)
    del expected[_LISTS[file]][number]["brouillon"]
    cuts = Cutter(read.text).keys(node, {"brouillon"})
    return {file: _checked(file, applied(read.text, cuts), expected)}


def closed(texts: Texts, project_id: str, today: date) -> dict[str, str]:
    """Return projets.yaml with a project that takes no more requests from a day on."""
    read, number, raw, node = _found(texts, PROJECTS, project_id)
    if raw.get("retire_le"):
        raise _refusal("closed_already", PROJECTS, id=project_id)
    return {PROJECTS: _with_key(read, number, node, "retire_le", today.isoformat())}


def file_of(texts: Texts, item_id: str) -> str | None:
    """Return the file whose answer or project has this id; None for no such one."""
    for read in _all_read(texts, (FAQ, PROJECTS)):
        if any(raw.get("id") == item_id for _, raw, _ in read.items()):
            return read.file
    return None


def _cleaned(read: _Read, entry_id: str) -> tuple[str, str]:
    """Return the name and the text of a file without anything of an answer."""
    cutter, expected = Cutter(read.text), copy.deepcopy(read.data)
    cut = {VOICES: _of_voices, QUESTIONS: _of_questions}.get(read.file, _of_answers)
    cuts = cut(read, cutter, expected[_LISTS[read.file]], entry_id)
    if not cuts:
        return read.file, read.text
    return read.file, _checked(read.file, applied(read.text, cuts), expected)


def _of_answers(read: _Read, cutter: Cutter, expected: Any, entry_id: str) -> list[TextCut]:  # noqa: ANN401 - as it is written
    """Cut the answer itself, and its id where others lead on to it."""
    cuts: list[TextCut] = []
    own = [n for n, raw, _ in read.items() if raw.get("id") == entry_id and read.file == FAQ]
    if len(own) == len(expected):
        raise _refusal("last_entry", FAQ, id=entry_id)
    cuts += cutter.items(read.sequence(), own)
    for number, raw, node in read.items():
        if number not in own:
            cuts += _of_list(cutter, node, raw, "voir_aussi", entry_id, read.file)
            _drop(expected[number], "voir_aussi", entry_id)
    for number in reversed(own):
        del expected[number]
    return cuts


def _of_voices(read: _Read, cutter: Cutter, expected: Any, entry_id: str) -> list[TextCut]:  # noqa: ANN401 - as it is written
    cuts: list[TextCut] = []
    for number, raw, node in read.items():
        said = raw.get("formulations")
        if isinstance(said, dict) and entry_id in said:
            phrasings = _under(node, "formulations", MappingNode, read.file)
            cuts += cutter.keys(phrasings, {entry_id})
            del expected[number]["formulations"][entry_id]
    return cuts


def _of_questions(read: _Read, cutter: Cutter, expected: Any, entry_id: str) -> list[TextCut]:  # noqa: ANN401 - as it is written
    """Cut the questions that only this answer is right for, and its id from the others."""
    cuts: list[TextCut] = []
    gone: list[int] = []
    for number, raw, node in read.items():
        listed = raw.get("attendu")
        if not isinstance(listed, list) or entry_id not in listed:
            continue
        if set(listed) == {entry_id}:
            gone.append(number)
        else:
            cuts += _of_list(cutter, node, raw, "attendu", entry_id, read.file)
            _drop(expected[number], "attendu", entry_id)
    cuts += cutter.items(read.sequence(), gone, headings=True)
    for number in reversed(gone):
        del expected[number]
    return cuts


def _of_list(
    cutter: Cutter, node: MappingNode, raw: Mapping[str, Any], key: str, entry_id: str, file: str
) -> list[TextCut]:
    """Cut an id from a list of ids; the whole key where nothing else is in it."""
    listed = raw.get(key)
    if not isinstance(listed, list) or entry_id not in listed:
        return []
    if set(listed) == {entry_id}:
        return cutter.keys(node, {key})
    sequence = _under(node, key, SequenceNode, file)
    return cutter.items(sequence, [at for at, id_ in enumerate(listed) if id_ == entry_id])


def _drop(raw: Any, key: str, entry_id: str) -> None:  # noqa: ANN401 - as it is written
    listed = raw.get(key) if isinstance(raw, dict) else None
    if isinstance(listed, list) and entry_id in listed:
        raw[key] = [each for each in listed if each != entry_id]
        if not raw[key]:
            del raw[key]


def _with_key(read: _Read, number: int, node: MappingNode, key: str, value: str) -> str:
    """Return a file's text with a key of an item, on a line of its own or between its braces."""
    keys = {pair[0].value: pair for pair in node.value}
    if key in keys:
        # It is there and says no: its value is replaced, and nothing else.
        edit = _in_place(read, keys[key][1], value)
    else:
        _, last = next(keys[name] for name in _BEFORE[key] if name in keys)
        edit = _on_a_line(read, node, last, f"{key}: {value}")
    expected = copy.deepcopy(read.data)
    expected[_LISTS[read.file]][number][key] = value
    return _checked(read.file, applied(read.text, [edit]), expected)


def _in_place(read: _Read, value: Node, written: str) -> TextCut:
    lead = len(read.text) - len(read.text.removeprefix("\ufeff"))
    start, end = value.start_mark.index + lead, value.end_mark.index + lead
    # A block of text ends with the line breaks behind it, which stay.
    end = start + len(read.text[start:end].rstrip("\r\n"))
    return TextCut(start, end, written)


def _on_a_line(read: _Read, node: MappingNode, last: Node, written: str) -> TextCut:
    if node.flow_style:
        lead = len(read.text) - len(read.text.removeprefix("\ufeff"))
        at = last.end_mark.index + lead
        return TextCut(at, at, f", {written}")
    at = Cutter(read.text).line_after(last)
    newline = "\r\n" if "\r\n" in read.text else "\n"
    broken = "" if read.text[:at].endswith(("\n", "\r")) else newline
    return TextCut(at, at, f"{broken}{' ' * node.start_mark.column}{written}{newline}")


def _found(texts: Texts, file: str, item_id: str) -> tuple[_Read, int, dict[str, Any], MappingNode]:
    if file not in texts:
        raise _refusal("no_such_item", file, id=item_id)
    read = _read(texts, file)
    for number, raw, node in read.items():
        if raw.get("id") == item_id:
            return read, number, raw, node
    raise _refusal("no_such_item", file, id=item_id)


def _all_read(texts: Texts, files: tuple[str, ...]) -> Iterator[_Read]:
    return (_read(texts, file) for file in files if texts.get(file))


def _read(texts: Texts, file: str) -> _Read:
    text = texts[file]
    document, problems = parse(text.encode("utf-8", "surrogatepass"), file)
    errors = [each for each in problems if each.severity is Severity.ERROR]
    if document is None or errors:
        raise EditError(errors[0])
    try:
        root = yaml.compose(text.removeprefix("\ufeff"), Loader=SafeLoader)
    except yaml.YAMLError:
        # The file is understood as it was meant (quotes of Word): a line cannot be placed in it.
        raise _refusal("not_editable", file) from None
    data = document.data
    if root is None or not isinstance(data, dict) or not isinstance(data.get(_LISTS[file]), list):
        raise _refusal("not_editable", file)
    return _Read(file, text, data, root)


def _under(node: Node, key: str, kind: type[_N], file: str) -> _N:
    pairs = node.value if isinstance(node, MappingNode) else ()
    for name, value in pairs:
        if isinstance(name, ScalarNode) and name.value == key and isinstance(value, kind):
            return value
    raise _refusal("not_editable", file)


def _checked(file: str, edited: str, expected: object) -> str:
    """Return an edited file; refuse it if its data is not what the edit should give."""
    document, problems = parse(edited.encode("utf-8", "surrogatepass"), file)
    is_wrong = any(each.severity is Severity.ERROR for each in problems)
    if document is None or is_wrong or document.data != expected:
        raise _refusal("not_editable", file)
    return edited


def _refusal(code: str, file: str, **values: object) -> EditError:
    return EditError(problem(code, Place(file), file=file, **values))
