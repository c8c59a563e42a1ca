"""No phone number, address, identifier or name survives masking; ordinary words do."""

import json
import re
import subprocess
import sys
from pathlib import Path

import phonenumbers
import pytest
from dialogue import inside
from hypothesis import example, given
from hypothesis import strategies as st
from stdnum import iban, luhn

import storage.masking.masking
from storage.masking.masking import mask
from storage.masking.names import NameLists

LISTS = NameLists.load(Path(storage.masking.masking.__file__).with_name("masking.yaml"))
MARK = LISTS.marks


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Je m'appelle Jean Dupont et je cherche", "Je m'appelle {} et je cherche"),
        ("je m\u2019appelle jean dupont", "je m\u2019appelle {}"),
        ("je m appelle K\u00e9vin, soudeur", "je m appelle {}, soudeur"),
        ("jm'appelle kevin", "jm'appelle {}"),
        ("JE M'APPELLE DUPONT", "JE M'APPELLE {}"),
        ("Je m'appelle Anne-Marie de La Tour.", "Je m'appelle {}."),
        ("mon nom est : durand", "mon nom est : {}"),
        ("moi c'est paul", "moi c'est {}"),
        ("je suis Jean Dupont, de Rousset", "je suis {}, de Rousset"),
        ("Je suis J. Dupont.", "Je suis {}."),
        ("je suis Mme Dupont", "je suis Mme {}"),
        ("Bonjour Madame Martin, merci", "Bonjour Madame {}, merci"),
        ("bonjour monsieur, je m'appelle jean", "bonjour monsieur, je m'appelle {}"),
        ("Merci. Cordialement,\nJean Dupont", "Merci. Cordialement,\n{}"),
        ("my name is john smith", "my name is {}"),
        ("Je suis Jean. je m'appelle Jean", "Je suis {}. je m'appelle {}"),
        ("de la soci\u00e9t\u00e9 Benali Usinage ?", "de la soci\u00e9t\u00e9 {} ?"),
        ("ma soci\u00e9t\u00e9 SARL Benali cherche", "ma soci\u00e9t\u00e9 SARL {} cherche"),
        ("Entreprise : Benali Usinage\nQuelles aides ?", "Entreprise : {}\nQuelles aides ?"),
        ("l\u2019entreprise \u00ab Benali \u00bb", "l\u2019entreprise \u00ab {} \u00bb"),
        ("SAS BENALI, \u00e0 Rousset", "SAS {}, \u00e0 Rousset"),
    ],
)
def test_a_name_is_found_by_the_words_before_it(text: str, kept: str) -> None:
    assert mask(text) == kept.replace("{}", MARK["name"])


@pytest.mark.parametrize(
    "text",
    [
        "je suis soudeur",
        "je suis chef d'atelier",
        "je suis \u00e0 Rousset",
        "Je suis le g\u00e9rant d'une PME \u00e0 Aubagne",
        "je suis PDG d'une TPE",
        "je m'appelle comment d\u00e9j\u00e0 ?",
        "moi c'est pour un devis",
        "Madame, Monsieur, je suis int\u00e9ress\u00e9",
        "Bonjour Monsieur Je voudrais savoir",
        "je suis d'Aix et j'ai une question",
        "une entreprise de Fos peut-elle participer ?",
        "j'ai une entreprise\nQuelles aides, et pour une SARL ?",
        "une soci\u00e9t\u00e9 SAS, PME de Marseille",
        "les entreprises Allemandes",
        "MON ENTREPRISE PEUT-ELLE VENIR ? ET L'ENTREPRISE VOISINE ?",
        "c koi territoire d'industrie ?",
        "Qui sont les partenaires ? La CCI, France Travail\u2026",
        "un budget de 150 000 000 euros, ou 10 000 000 \u20ac",
        "entre 2024 et 2027, loi 2005-102, d\u00e9cret 2019-768, 13 106 Rousset",
        "le 01/02/2026 \u00e0 14 h 30, 25 % de 1 500,50 \u20ac",
        "https://www.territoires-industrie.gouv.fr/projets?p=12",
        "",
        " \n",
        "\U0001f600 @ # 42",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("06 12 34 56 78", "phone"),
        ("0612345678", "phone"),
        ("06.12.34.56.78", "phone"),
        ("06-12_34/56 - 78", "phone"),
        ("o6 12 34 56 78", "phone"),
        ("+33 (0)6 12 34 56 78", "phone"),
        ("0033612345678", "phone"),
        ("+32 470 12 34 56", "phone"),
        ("tel06 12 34 56 78", "phone"),
        ("06 12 34 56 789", "phone"),
        ("jean.dupont@example.com", "email"),
        ("jean @ exemple.fr", "email"),
        ("jean(at)exemple.fr", "email"),
        ("jean arobase exemple point fr", "email"),
        ('"jean d"@exemple.fr', "email"),
        ("73282932000074", "siret"),
        ("732 829 320 00074", "siret"),
        ("732.829.320-00074", "siret"),
        ("05650014100014", "siret"),
        ("732829320", "siren"),
        ("732 829 320", "siren"),
        ("FR76 3000 6000 0112 3456 7890 189", "iban"),
        ("fr7630006000011234567890189", "iban"),
        ("DE89370400440532013000", "iban"),
        ("https://jean:secret@exemple.fr/x", "link"),
        ("@jean_dupont", "account"),
        ("t.me/jean_dupont", "account"),
        ("1 85 05 78 006 084 36", "number"),
        ("1850578006084", "number"),
        ("4970 1012 3456 7890", "number"),
    ],
)
def test_each_identifier_has_its_mark(text: str, mark: str) -> None:
    prefix = text.removesuffix(text.lstrip("tel")) if text.startswith("tel") else ""
    assert mask(text).rstrip("9") == prefix + MARK[mark]
    assert mask(f"voici {text}, merci").startswith(f"voici {prefix}{MARK[mark]}")
    assert mask(f"voici {text}, merci").endswith(", merci")


def test_numbers_side_by_side_are_all_masked() -> None:
    phone = MARK["phone"]
    assert mask("06 12 34 56 78 06 12 34 56 79") == f"{phone} {phone}"
    assert mask("+32 470 12 34 56 +41 44 668 18 00") == f"{phone} {phone}"
    assert mask("06 12 34 56 78/04 91 00 00 00") == f"{phone}/{phone}"
    assert re.search(r"\d{6}", mask("13100 06 12 34 56 78, 75001 73282932000074")) is None


around = st.sampled_from(["", "mon tel ", "appelez-moi au ", "Tel:", "(", "n\u00b0", "ou\n"])
after = st.sampled_from(["", ".", " merci", ")", ", ou rien", " \U0001f600"])


@st.composite
def french_phones(draw: st.DrawFn) -> str:
    """A French number, national or not, cut anywhere by anything that people put there."""
    digits = draw(st.from_regex(r"[1-9][0-9]{8}", fullmatch=True))
    prefix = draw(
        st.sampled_from(["0", "+33", "+33 ", "+33(0)", "+33 (0) ", "0033", "0033 ", "0 "])
    )
    gaps = draw(
        st.lists(
            st.sampled_from(["", "", " ", ".", "-", "/", "_", ", ", " - ", "\u00a0", "  "]),
            min_size=8,
            max_size=8,
        )
    )
    return prefix + digits[0] + "".join(map(str.__add__, gaps, digits[1:]))


@given(phone=french_phones(), before=around, then=after)
def test_a_french_phone_number_never_survives(phone: str, before: str, then: str) -> None:
    masked = mask(before + phone + then)
    assert sum(character.isdigit() for character in masked) == 0


EXAMPLES = [
    found
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    if (found := phonenumbers.example_number(region)) is not None
]
FORMATS = st.sampled_from(
    [phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.E164]
)


@given(number=st.sampled_from(EXAMPLES), written=FORMATS, before=around, then=after)
def test_a_foreign_phone_number_never_survives(
    number: phonenumbers.PhoneNumber, written: int, before: str, then: str
) -> None:
    phone = phonenumbers.format_number(number, written)
    masked = mask(f"{before} {phone}{then}")
    assert sum(character.isdigit() for character in masked) == 0


@given(email=st.emails(), before=around, then=after)
@example(email="a@b.fr", before="Tel:", then=".")
def test_an_email_address_never_survives(email: str, before: str, then: str) -> None:
    masked = mask(before + email + then)
    assert email not in masked
    assert "@" not in masked
    assert email.split("@")[1].rstrip(".") not in masked.replace(then, "")


@st.composite
def sirets(draw: st.DrawFn) -> str:
    digits = draw(st.from_regex(r"[0-9]{13}", fullmatch=True))
    digits += luhn.calc_check_digit(digits)
    gap = draw(st.sampled_from(["", " ", ".", "-", "\u00a0"]))
    return gap.join([digits[:3], digits[3:6], digits[6:9], digits[9:]])


@given(siret=sirets(), before=around, then=after)
def test_a_siret_never_survives(siret: str, before: str, then: str) -> None:
    masked = mask(before + siret + then)
    assert sum(character.isdigit() for character in masked) == 0


@given(account=st.from_regex(r"[0-9]{21}", fullmatch=True), spaced=st.booleans())
def test_a_french_iban_never_survives(account: str, *, spaced: bool) -> None:
    key = 97 - (89 * int(account[:5]) + 15 * int(account[5:10]) + 3 * int(account[10:])) % 97
    bban = f"{account}{key:02d}"
    number = f"FR{iban.calc_check_digits('FR00' + bban)}{bban}"
    assert iban.is_valid(number)
    written = " ".join(number[i : i + 4] for i in range(0, 27, 4)) if spaced else number
    assert mask(f"mon compte {written} merci") == f"mon compte {MARK['iban']} merci"


words = st.from_regex(r"[A-Z][a-z]{2,9}(?:-[A-Z][a-z]{2,9})?", fullmatch=True).filter(
    lambda word: word.casefold() not in LISTS.others | LISTS.particles
)


@given(
    opener=st.sampled_from([*LISTS.introductions, "je suis", "cordialement", "Mme"]),
    first=words,
    last=words,
    particle=st.sampled_from(["", "de ", "de la ", "van "]),
    then=st.sampled_from(["", ".", ", soudeur", " et je cherche", "\nmerci"]),
)
def test_a_name_after_an_introduction_never_survives(
    opener: str, first: str, last: str, particle: str, then: str
) -> None:
    assert mask(f"{opener} {first} {particle}{last}{then}") == f"{opener} {MARK['name']}{then}"


TRICKY = ["@", "+33", "0", "612345678", "Jean", "dupont", "'", "FR76", "://", "t.me/", "(at)", "."]
tricky = st.lists(
    st.one_of(
        st.text(max_size=4),
        st.just(" "),
        st.sampled_from([*LISTS.introductions, *LISTS.hints, *MARK.values(), *TRICKY]),
    ),
    max_size=12,
).map("".join)


@given(text=tricky)
@example(text="foo@ a@b")
@example(text="@@a@b")
def test_masking_twice_is_masking_once(text: str) -> None:
    masked = mask(text)
    assert mask(masked) == masked


def test_the_marks_themselves_are_left_alone() -> None:
    text = " ".join([f"je m'appelle {mark} {mark}" for mark in MARK.values()])
    assert mask(text) == text


HOSTILE = """0_1_|a|1|a@|1.2-|FR76_1|je_suis_|+33_|A_B_|Mme_A|'|a.b:|http://|@|"|"a|(at)|_|FR76A_
|://@|t.me/|DE89_|+3|00|0o|a_point_|je_m'appelle_a_|sas_|Sarl_A_"""
HOSTILE = HOSTILE.replace("\n", "").replace("_", " ")


def test_long_hostile_messages_do_not_stall() -> None:
    """Telegram's longest messages: a pattern that backtracks would take hours, not a minute."""
    messages = [(seed * 4096)[:4096] for seed in HOSTILE.split("|")]
    read_them = "import json, sys; from storage.masking.masking import mask\n"
    read_them += "[*map(mask, json.load(sys.stdin))]"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", read_them],
        input=json.dumps(messages),
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0


def test_the_word_lists_hold_words_only() -> None:
    """YAML reads some bare words ("on", "no") as booleans."""
    every = [*LISTS.marks.values(), *LISTS.introductions, *LISTS.hints]
    every += [*LISTS.firms, *LISTS.particles, *LISTS.others]
    assert all(isinstance(word, str) and word == word.strip() != "" for word in every)
    assert all(word == word.casefold() for word in (*LISTS.particles, *LISTS.others))


@given(text=st.one_of(tricky, st.text(alphabet="0123456789 +.o@:/frFRabAB-", max_size=60)))
@example("FR76 3000 6000 0112 3456 7890 189")
@example("1 85 05 78 006 084 36")
def test_steps_left_out_would_have_found_nothing(text: str) -> None:
    masked, before = text, ""
    while masked != before:
        before = masked
        for step in inside(storage.masking.masking, "STEPS"):
            masked = step.mask(masked)
    assert mask(text) == masked
