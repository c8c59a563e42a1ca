"""The tables of handlers, forms and messages: nothing is left out, nothing is there twice."""

import ast
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import handlers
from handlers.core.authority import Authority
from handlers.forms.form_buttons import NOTICE, RECAP
from handlers.forms.steps import Form
from handlers.messages import Catalogue
from handlers.table import ALL, FORMS
from storage.queues.alerts import AlertKind

FOLDER = Path(handlers.__file__).parent
ROOT = FOLDER.parent
# Of drafts.form and drafts.step, in storage/engine/schema.
COLUMN_LENGTH = 32
# How the names begin that the code puts together.
MADE = {"ask", "label", "choice", "bad", "title", "loop", "why", "mend", "matter", "group"}
MADE |= {"field", "foreign", "language", "value", "words", "caption"}
# Moves of requests: what each is told as, and why it was not made.
MADE |= {"told", "done", "slip", "too_late", "move", "refusal", "reason", "event"}
MADE |= {"status", "groups", "where", "outcome"}
# The labels that people put before the answer of a step.
MADE |= {"labels", "inner_labels", "own_words", "openings", "says_none"}
MADE |= {"all", "which", "team", "firm"}
# Where a request stands, what comes next, and what is said of a contact.
MADE |= {"state", "next", "country", "several"}
# Figures: the columns of an export and its words, the bars of a picture, the tables of a report.
MADE |= {"cell", "column", "picture_state", "picture_source", "report"}


def test_every_handler_names_its_authority() -> None:
    assert len(ALL) > 30
    for handler in ALL:
        assert isinstance(getattr(handler.callback, "authority", None), Authority), handler


def test_what_administrators_do_asks_for_their_authority() -> None:
    names = {h.callback.__name__: h.callback.authority for h in ALL}  # type: ignore[attr-defined]
    assert names["show_details"] is Authority.ADMINISTRATORS
    assert names["take_charge"] is Authority.ADMINISTRATORS
    for name in ("close_request", "refuse_request", "hand_over", "put_in_touch", "show_standings"):
        assert names[name] is Authority.ADMINISTRATORS


def test_every_form_that_a_feature_makes_is_in_the_table() -> None:
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(handlers.__path__, "handlers.")
        if found.name != "handlers.table"
    ]
    made = [one for module in modules for one in vars(module).values() if isinstance(one, Form)]
    assert {id(form) for form in made} == {id(form) for form in FORMS}


def test_no_two_forms_have_the_same_name() -> None:
    names = [form.name for form in FORMS]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_steps_of_a_form_have_names_of_their_own_that_a_draft_can_keep(form: Form) -> None:
    keys = [step.key for step in form.steps]
    assert sorted(keys) == sorted(set(keys))
    assert not {NOTICE, RECAP} & set(keys)
    assert max(map(len, (form.name, *keys))) <= COLUMN_LENGTH


def _used(path: Path) -> set[str]:
    """Return the string constants of a module: among them the names of messages."""
    tree = ast.parse(path.read_text("utf-8"))
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_message_is_used() -> None:
    used: set[str] = set(AlertKind).union(
        *(_used(path) for path in (*FOLDER.rglob("*.py"), *ROOT.glob("bot/**/*.py")))
    )
    for path in (FOLDER / "messages").glob("*.yaml"):
        for name in Catalogue.of(path.stem).names:
            made = re.match(f"({'|'.join(MADE)})_", name)
            assert name in used or made, f"{path.name}: {name} is never said"


def test_no_message_leaves_two_blank_lines_after_what_it_fills_in() -> None:
    for path in (FOLDER / "messages").rglob("*.yaml"):
        assert not re.search(r"\}\}\n[ ]*\n[ ]*\n", path.read_text("utf-8")), path


def test_every_message_that_is_said_exists() -> None:
    for path in FOLDER.rglob("*.py"):
        source = path.read_text("utf-8")
        catalogue = re.search(r"^TEXT = Catalogue\.of\((.+)\)", source, re.MULTILINE)
        if catalogue:
            said = re.findall(r'\bTEXT(?:\.label)?\(\s*"(\w+)"', source)
            files = re.findall(r'"(\w+)"', catalogue[1])
            assert set(said) <= Catalogue.of(*files).names, path


def test_french_lives_in_data_not_in_code() -> None:
    offenders = [
        f"{path.name}:{node.lineno}"
        for room in ("bot", "handlers", "knowledge", "storage")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search("[àâçéèêëîïôùûœÀÉÈ]", node.value)
        # A value of the files' own format is not something said.
        and node.value != "idée"
        and path.relative_to(ROOT) not in _BEFORE_ANY_CATALOGUE
        and not _is_docstring(path, node)
    ]
    assert offenders == []


# What is said where no catalogue can be read, and characters that some terminals cannot show.
_BEFORE_ANY_CATALOGUE = {Path("bot/__main__.py"), Path("bot/commands/console.py")}


def _is_docstring(path: Path, node: ast.Constant) -> bool:
    tree = ast.parse(path.read_text("utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return any(
        isinstance(owner, documented)
        and owner.body
        and isinstance(owner.body[0], ast.Expr)
        and isinstance(owner.body[0].value, ast.Constant)
        and owner.body[0].value.lineno == node.lineno
        for owner in ast.walk(tree)
    )
