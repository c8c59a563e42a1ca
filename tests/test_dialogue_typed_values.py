"""What firms type or paste, played: kept as it was meant, or refused for a reason that is true."""

from dialogue import Speaker, Stage
from sqlalchemy import select
from test_dialogue_interest import begins, open_project

from storage.engine.schema import interests


async def hears(sme: Speaker, stage: Stage, said: dict[str, tuple[str, ...]]) -> None:
    """Say each text, and see its answer; who types so much in one instant is told to slow down."""
    for typed, seen in said.items():
        stage.clock.passes(seconds=10)
        await sme.says(typed)
        sme.sees(*seen)


async def kept(stage: Stage) -> tuple[object, ...]:
    names = ("company", "contact_name", "contact", "contact_note", "message", "siret")
    ((row),) = await stage.rows(select(*(interests.c[name] for name in names)))
    return tuple(row)


async def test_a_firm_pastes_its_way_through_the_form(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await begins(sme, stage)
    await hears(
        sme,
        stage,
        {
            "idem": ("« idem » renvoie à ce qui est écrit ailleurs", "Le reste est gardé"),
            "Société\u00a0: « Méca\u00adnique\u00a0du Delta ».": ("prénom et nom",),
            "Je m'appelle Samira Costa.": ("Comment préférez-vous",),
            "06 12 34 56 78 9": ("J'ai lu 11 chiffres, et un numéro de téléphone français",),
            "+32 470 12 34": ("J'ai lu 9 chiffres, indicatif +32 compris : il en manque",),
            "@samira": ("« @samira » est un nom de compte",),
            "73282932000074": ("Ces 14 chiffres sont un numéro SIRET",),
            "Tél. : 0596 60 12 34, poste 12": ("Que souhaitez-vous",),
            "1": ("ajouter un message",),
            "👍": ("Je n'ai pas vu de mots",),
            "non": ("numéro SIRET",),
            "FR 44 732 829 320": ("TVA intracommunautaire", "SIREN, 732 829 320"),
            "732 829 320 00075": ("sa clé ne tombe pas juste",),
            "N° SIRET : 732\u2011829\u2011320\u201100074": (
                "Récapitulatif",
                "Entreprise : Mécanique du Delta",
                "Nom : Samira Costa",
                "Contact : +596 596 60 12 34",
                "Remarque : poste 12",
                "Message : aucun",
                "SIRET : 73282932000074",
            ),
            "oui": ("C'est enregistré",),
        },
    )
    number = "+596 596 60 12 34"
    firm = ("Mécanique du Delta", "Samira Costa")
    assert await kept(stage) == (*firm, number, "poste 12", None, "73282932000074")
    await administrator.taps("Détails")
    administrator.sees(number, "poste 12")


async def test_a_kept_request_is_corrected_through_the_same_door(
    sme: Speaker, stage: Stage
) -> None:
    await begins(sme, stage)
    said = ("Mécanique du Delta", "Samira Costa", "0692 11 22 33", "Passer", "Passer", "Passer")
    await hears(sme, stage, dict.fromkeys(said[:4], ()))
    for typed in (*said[4:], "oui"):
        await sme.says(typed)
    await sme.taps("Voir ma demande")
    await sme.taps("Modifier")
    await sme.taps("Le numéro ou l'adresse")
    sme.sees("+262 692 11 22 33")
    await sme.says("mailto : samira.costa @ exemple,fr")
    sme.sees("J'ai lu votre adresse ainsi : samira.costa@exemple.fr", "Récapitulatif")
    await sme.taps("Modifier une réponse")
    await sme.taps("Le SIRET")
    await sme.says("Siret\u00a0: 732\u202f829\u202f320\u202f00074\u200b")
    await sme.taps("Enregistrer mes changements")
    firm = ("Mécanique du Delta", "Samira Costa")
    mail = "samira.costa@exemple.fr"
    assert await kept(stage) == (*firm, mail, None, None, "73282932000074")


async def test_what_documents_and_scanners_leave_in_values_is_told_or_read(
    sme: Speaker, stage: Stage
) -> None:
    await begins(sme, stage)
    await hears(
        sme,
        stage,
        {
            "Rien": ("« Rien » dit qu'il n'y a pas de nom", "mettez son nom entre guillemets"),
            "\u00ab Rien \u00bb": ("prénom et nom",),
            "moi": ("Écrivez vos prénom et nom",),
            "Nom : Costa, prénom : Samira": ("Comment préférez-vous",),
            "c'est celui de mon profil": ("renvoie à ce qui est écrit ailleurs",),
            "www.exemple.fr": ("C'est l'adresse d'une page",),
            "6,12346E+08": ("un nombre abrégé par un tableur",),
            "Fax : 04 91 00 00 01 / Tél : 0\ufe0f\u20e36 12 34 56 78": ("Que souhaitez-vous",),
            "1": ("ajouter un message",),
            "RAS": ("numéro SIRET",),
            "N° Tahiti 123456": ("« N° Tahiti » n'est pas un SIRET",),
            "en cours de création": ("Je n'ai pas lu de chiffres",),
            "Passer": (
                "Entreprise : « Rien »",
                "Nom : Costa Samira",
                "Contact : +33 6 12 34 56 78",
                "Fax : 04 91 00 00 01",
            ),
        },
    )


async def test_an_english_firm_is_answered_in_english(sme: Speaker, stage: Stage) -> None:
    await sme.says("/langue")
    await sme.taps("English")
    await sme.says(f"/start p_{open_project(stage)}")
    await sme.taps("I am interested")
    await sme.taps("I understand, start")
    await hears(
        sme,
        stage,
        {
            "see above": ("“see above” points to something written elsewhere",),
            "none": ("“none” says that there is no name", "put its name in quotes"),
            "john@delta.com": ("I have kept john@delta.com to reach you", "your firm"),
            "Company: “Delta Works”": ("full name",),
            "My name is John Smith": ("What would you like",),
            "1": ("message",),
            "nothing to add": ("SIRET",),
            "7,32829E+13": ("is a number shortened by a spreadsheet",),
            "RIDET 1 234 567.001": ("“RIDET” is no SIRET",),
            "732 829 3Z0 00074": ("I read the letter “Z” among the digits",),
            "not registered yet": ("I read no digits",),
            "732829320": ("These 9 digits are your SIREN",),
            "n/a": ("Delta Works", "John Smith", "john@delta.com"),
        },
    )
