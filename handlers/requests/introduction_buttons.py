"""Buttons about putting in touch that stand under notifications as well."""

from dataclasses import dataclass

from handlers.core.callback_data import CallbackData


@dataclass(frozen=True)
class PutInTouch(CallbackData, prefix="ya"):
    """Begin to put the firm of a request in touch: what both will read is shown first."""

    interest_id: int


@dataclass(frozen=True)
class CalledBack(CallbackData, prefix="yb"):
    """Close a request to be called back: it was done."""

    interest_id: int


@dataclass(frozen=True)
class ShowLeadMessage(CallbackData, prefix="yl"):
    """Show again what the lead is to read, to copy it."""

    interest_id: int


@dataclass(frozen=True)
class ShowLeadsSought(CallbackData, prefix="ys"):
    """The projects that seek a lead, for a firm that offers to be one."""

    interest_id: int
