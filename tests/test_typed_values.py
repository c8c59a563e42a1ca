"""What is typed into fields: the same value however it is decorated, or a reason that is true.

The table of inputs is ``typed_values.yaml``.
"""

import html
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as some
from stdnum import luhn
from stdnum.fr import siret as siret_number
from yaml_files import data_of

from handlers.forms import cleaning, countries, phones, signatures
from handlers.forms.choices import skipped
from handlers.forms.steps import Answers, Form, RefusedError, Step
from handlers.requests import callback, interest, proposal
from knowledge.text.signs import plain_signs
from storage.records.drafts import Draft

FORMS = {form.name: form for form in (interest.FORM, proposal.FORM, callback.FORM)}
TABLE: dict[str, list[dict[str, Any]]] = data_of(
    (Path(__file__).parent / "typed_values.yaml").read_text("utf-8")
)
KEPT = " Le reste est gardé."
ROWS = [(field, row) for field, rows in TABLE.items() for row in rows]


def step_of(field: str) -> tuple[Form, Step]:
    name, _, key = field.partition(".")
    return FORMS[name], FORMS[name].by_key[key]


def answered(field: str, typed: str) -> Answers | str:
    """Return the answers of a typed text, or the French reason why it is none."""
    form, step = step_of(field)
    try:
        return read(form, step, typed)
    except RefusedError as refused:
        said = html.unescape(form.text(refused.reason, **refused.values))
        return said.replace("\u00a0", " ").removesuffix(KEPT)


def read(form: Form, step: Step, typed: str) -> Answers:
    plain = plain_signs(typed)
    empty = None if step.holds(plain) else skipped(Draft(1, form.name, step.key, ""), step, plain)
    return step.read(typed, {}) if empty is None else empty


@pytest.mark.parametrize(
    ("field", "row"), ROWS, ids=[f"{field}-{row['typed'][:24]!a}" for field, row in ROWS]
)
def test_a_typed_value_is_kept_or_refused_for_the_true_reason(
    field: str, row: dict[str, Any]
) -> None:
    typed = row["typed"] * row.get("times", 1)
    assert answered(field, typed) == (row["keeps"] if "keeps" in row else row["says"])


def test_the_table_covers_every_field_that_is_typed() -> None:
    asked = {
        f"{form.name}.{step.key}"
        for form in FORMS.values()
        for step in form.steps
        if not step.choices or step.key == "contact_kind"
    }
    shared = {f"proposal.{step.key}" for step in interest.FORM.steps}
    assert asked - shared <= TABLE.keys() | {"interest.role"}
    assert len(ROWS) >= 150


@pytest.mark.parametrize(("field", "row"), [each for each in ROWS if "keeps" in each[1]])
def test_what_is_kept_is_kept_again_as_it_is(field: str, row: dict[str, Any]) -> None:
    """What a request holds must pass when it is changed a year later."""
    _, step = step_of(field)
    value = row["keeps"].get(step.key)
    if value and not step.choices:
        assert step.read(value, {})[step.key] == value


DECORATIONS: dict[str, Callable[[str], str]] = {
    "zero width": lambda text: f"\u200b{text[:2]}\u200b{text[2:]}\ufeff",
    "marks of direction": lambda text: f"\u202a\u200e{text}\u202c\u200f",
    "soft hyphen": lambda text: f"{text[:3]}\u00ad{text[3:]}",
    "no-break spaces": lambda text: f"\u00a0{text.replace(' ', chr(0xA0))}\u00a0",
    "thin spaces": lambda text: text.replace(" ", "\u2009") + "\u202f",
    "French quotes": lambda text: f"\u00ab\u00a0{text}\u00a0\u00bb",
    "typographic quotes": lambda text: f"\u201c{text}\u201d",
    "quotes": lambda text: f'"{text}"',
    "brackets": lambda text: f"[{text}]",
    "round brackets": lambda text: f"({text})",
    "angles": lambda text: f"<{text}>",
    "bold": lambda text: f"**{text}**",
    "comma": lambda text: f"{text},",
    "full stop": lambda text: f"{text}.",
    "spaces": lambda text: f"  {text}\t",
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "full width": lambda text: "".join(
        chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text
    ),
}
LABELS = {
    "company": ("Entreprise : ", "Société: ", "Raison sociale\u00a0: ", "Company: "),
    "name": ("Nom : ", "Prénom et nom\u00a0: ", "Je m'appelle ", "mon nom est ", "Name: "),
    "contact": ("Tél. : ", "mail : ", "mon numéro c'est ", "E-mail\u00a0:\u00a0", "Phone: "),
    "siret": ("SIRET : ", "N° SIRET\u00a0: ", "mon siret est le ", "Siret = "),
}
_LETTERS = some.text("abcdefghijklmnopqrstuvwxyzéèçàô", min_size=3, max_size=9)
_NAMES = some.lists(_LETTERS.map(str.capitalize), min_size=2, max_size=4).map(" ".join)
_EMAILS = some.from_regex(r"[a-z]{2,9}\.[a-z]{2,9}@[a-z]{3,9}\.(fr|com|net)", fullmatch=True)


def _siret(digits: str) -> str:
    # The SIREN has a key of its own, and so has the whole.
    siren = digits[:8] + luhn.calc_check_digit(digits[:8])
    return siren + digits[8:] + luhn.calc_check_digit(siren + digits[8:])


_SIRETS = some.text("0123456789", min_size=12, max_size=12).filter(int).map(_siret)
_PREFIXES = ("01", "02", "03", "04", "05", "06", "07", "09", "0262", "0590", "0594", "0596")
_MOBILES = ("0690", "0691", "0692", "0693", "0694", "0696", "0697", "0269")


def _national(prefix: str, rest: str) -> str:
    return (prefix + rest)[:10]


# Those of ranges that nobody was given are asked about.
_PHONES = some.builds(
    _national, some.sampled_from(_PREFIXES + _MOBILES), some.text("0123456789", min_size=8)
).filter(lambda each: countries.refusal(each) is None)


def _grouped(number: str) -> str:
    return " ".join(number[at : at + 2] for at in range(0, len(number), 2))


VALUES = {
    "interest.company": _NAMES,
    "interest.name": _NAMES,
    "interest.contact": some.one_of(_PHONES.map(_grouped), _PHONES, _EMAILS),
    "callback.contact": some.one_of(_PHONES.map(_grouped), _EMAILS),
    "interest.siret": some.one_of(_SIRETS, _SIRETS.map(siret_number.format)),
}


@given(
    data=some.data(), chosen=some.sets(some.sampled_from(sorted(DECORATIONS)), max_size=3).map(list)
)
@pytest.mark.parametrize("field", VALUES)
def test_no_decoration_changes_what_is_kept(
    field: str, data: some.DataObject, chosen: list[str]
) -> None:
    form, step = step_of(field)
    value = data.draw(VALUES[field])
    typed = value
    for name in chosen:
        typed = DECORATIONS[name](typed)
    label = data.draw(some.sampled_from(("", *LABELS[step.key])))
    assert read(form, step, label + typed) == read(form, step, value)


@given(prefix=some.sampled_from(_MOBILES), rest=some.text("0123456789", min_size=6, max_size=6))
def test_an_overseas_number_is_never_one_of_metropolitan_france(prefix: str, rest: str) -> None:
    contact = interest.FORM.by_key["contact"].read(f"{prefix}{rest}", {})["contact"]
    assert not contact.startswith("+33 ")
    assert re.sub(r"\D", "", contact).endswith(f"{prefix}{rest}"[1:])


@pytest.mark.parametrize("region", ["RE", "YT", "GP", "MQ", "GF", "PM"])
@pytest.mark.parametrize(
    "sort", [phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE]
)
def test_the_national_form_of_each_overseas_part_is_its_own_number(region: str, sort: int) -> None:
    number = phonenumbers.example_number_for_type(region, sort)
    assert number is not None
    national = str(number.national_number)
    typed = national if len(national) == 9 else f"{number.country_code}{national}"
    kept = interest.FORM.by_key["contact"].read(f"0{typed}", {})["contact"]
    assert kept == phones.written(number)


@pytest.mark.parametrize(
    ("kept", "before"),
    [
        ("+262 692 11 22 33", "+33 6 92 11 22 33"),
        ("+596 596 60 12 34", "+33 5 96 60 12 34"),
        ("+508 41 12 34", "+33 5 08 41 12 34"),
        ("+33 6 12 34 56 78", None),
        ("+32 470 12 34 56", None),
        ("samira@exemple.fr", None),
    ],
)
def test_a_number_kept_by_an_earlier_version_is_still_found(kept: str, before: str | None) -> None:
    assert phones.formerly(kept) == before
    if before:
        assert interest.FORM.by_key["contact"].read(before, {})["contact"] == kept


@given(some.text("123456789", min_size=1, max_size=18), some.sampled_from(["", " ", ".", "-"]))
def test_the_digits_told_are_those_of_the_text(digits: str, between: str) -> None:
    typed = between.join(digits)
    for field, right in (("interest.siret", 14), ("interest.contact", 10)):
        said = answered(field, typed)
        if isinstance(said, str) and (told := re.search(r"j'en ai lu (\d+)|lu (\d+) ch", said)):
            assert int(told[1] or told[2]) == len(digits) != right


@given(some.text(max_size=60))
def test_any_text_is_answered_and_cleaning_is_done_once(text: str) -> None:
    plain = plain_signs(text)
    assert plain_signs(plain) == plain
    for key in LABELS:
        bare = cleaning.bare(text, key)
        assert cleaning.bare(bare, key) == bare
    for field in TABLE:
        assert answered(field, text) is not None


@pytest.mark.parametrize("region", countries.NEIGHBOURS)
@pytest.mark.parametrize(
    "kind", [phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE]
)
def test_a_neighbours_number_as_it_is_written_there_is_never_kept_as_french(
    region: str, kind: int
) -> None:
    example = phonenumbers.example_number_for_type(region, kind)
    assert example is not None
    typed = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    for field in ("interest.contact", "callback.contact"):
        kept = answered(field, typed)
        assert isinstance(kept, str), kept
        asked = phones.written(example) in kept
        # What has another length than French numbers have is asked for by that.
        assert asked or "chiffres" in kept


def test_a_doubted_number_beside_a_name_is_not_kept_unasked() -> None:
    kept = {"company": "Delta", "contact_note": "079 123 45 67"}
    assert answered("interest.company", "Delta, 079 123 45 67") == kept


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 0, 3, 2)])
@pytest.mark.parametrize("divider", ["\n", "\n\n", " | "])
def test_of_a_signature_only_the_line_asked_for_is_the_name(
    order: tuple[int, ...], divider: str
) -> None:
    parts = ("Samira Costa", "Mécanique du Delta", "06 12 34 56 78", "s.costa@mecanique-delta.fr")
    typed = divider.join(parts[each] for each in order)
    for field, expected in (("interest.company", parts[1]), ("interest.name", parts[0])):
        kept = answered(field, typed)
        assert isinstance(kept, dict)
        assert kept[field.partition(".")[2]] == expected
        # The contact is kept too, and the other line is told to be left out.
        assert kept["contact"] in {"+33 6 12 34 56 78", parts[3]}
        assert signatures.left_out(typed, kept) == (parts[1 if expected == parts[0] else 0],)


@pytest.mark.parametrize("field", ["interest.company", "interest.name", "callback.company"])
def test_between_two_lines_only_the_person_knows(field: str) -> None:
    kept = answered(field, "Alpha\nBeta")
    assert isinstance(kept, str)
    assert "Je lis plusieurs lignes : « Alpha » et « Beta »" in kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Mécanique\ndu Delta", "Mécanique du Delta"),
        ("Mécanique du Delta\nSARL", "Mécanique du Delta SARL"),
        ("Mécanique du Delta\n12 rue des Lilas\n13500 Martigues", "Mécanique du Delta"),
        ("Société : Delta\nNom : Samira Costa", "Delta"),
        ("Mme Samira Costa\nGérante\nDelta\nCordialement", "Delta"),
        ("Delta | Rhône", "Delta | Rhône"),
    ],
)
def test_lines_of_one_name_are_one_and_others_are_left_out(typed: str, kept: str) -> None:
    assert answered("interest.company", typed) == {"company": kept}


def test_what_stands_beside_an_undecided_name_is_kept() -> None:
    _, step = step_of("interest.company")
    with pytest.raises(RefusedError) as refused:
        step.read("Alpha\nBeta\n06 12 34 56 78", {})
    assert refused.value.given == {"contact_kind": "phone", "contact": "+33 6 12 34 56 78"}
