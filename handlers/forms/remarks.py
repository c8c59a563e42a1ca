"""Remarks: what is said beside an answer, kept as the answer of the step that takes it."""

from handlers.forms.steps import Answers, Form, RefusedError, Step


def with_remark(
    given: dict[str, str], form: Form, answers: Answers, step: Step, remark: str
) -> dict[str, str]:
    """Return the answers with a remark, if there is one and a step of the form takes it."""
    target = form.by_key.get(step.remark_to or "")
    if target is None or not remark:
        return given
    before = "" if step.key in answers else answers.get(target.key, "")
    return given | target.read(joined(before, remark), answers)


def joined(before: str, remark: str) -> str:
    """Return two remarks as one; one that repeats the other is not added."""
    return remark if not before or before in remark else f"{before}\n{remark}"


def within(remark: str, longest: int) -> str:
    """Return a remark that is not too long; RefusedError says how long it may be."""
    if len(remark) > longest:
        raise RefusedError("too_long", length=len(remark), longest=longest)
    return remark
