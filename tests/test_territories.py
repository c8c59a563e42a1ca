"""The list of communes: the files that ministries send, and the towns that messages ask about."""

import codecs
import gc
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from conftest import SHIPPED

import bot.content.town_lists
from bot.content.town_lists import TownLists
from handlers.core.services import Services
from knowledge.files.problems import KnowledgeError
from knowledge.territories.asked import Otherwise, asked
from knowledge.territories.csv_table import read_table
from knowledge.territories.town_list import (
    EXAMPLE_FILE,
    TOWNS_FILE,
    date_in_name,
    import_list,
    read_list,
)
from knowledge.territories.towns import Row, Towns

TODAY = date(2026, 11, 23)
LIST = """\
insee_com,lib_com,id_ti,lib_ti
13047,Istres,ti-1,"Aix, Marseille"
13004,Arles,,
2A004,Ajaccio,ti-2,Île d'Œuvre
"""


def test_the_list_is_read_in_every_encoding_and_separator() -> None:
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"):
        for separator in (",", ";", "\t"):
            text = LIST.replace('"Aix, Marseille"', "Aix Marseille").replace(",", separator)
            rows, problems = read_table(text.encode(encoding), "liste.csv")
            assert not problems, (encoding, separator)
            assert rows[2] == Row("2A004", "Ajaccio", (), "ti-2", "Île d'Œuvre")


def test_headers_and_codes_are_read_as_spreadsheets_write_them() -> None:
    header = 'LIB_TI;Id_Ti;Codes Postaux;INSEE_COM;"Lib_com"\r\n\r\n'
    text = f'{header};;1400 01410;1001;L\'Abergement\r\nA;ti-1;"13800";13047;Istres\r\n'
    rows, problems = read_table(text.encode(), "liste.csv")
    assert not problems
    assert rows[0] == Row("01001", "L'Abergement", (1400, 1410), "", "")


def test_signs_that_nobody_sees_are_no_part_of_a_name() -> None:
    line = "13001;Aix\u2011en\u00a0Provence\u200b;\uff11\uff13100;ti1;L\u00e9\u00adtang"
    text = f"insee_com;lib_com;codes_postaux;id_ti;lib_ti\n{line}\n"
    rows, problems = read_table(text.encode(), "liste.csv")
    assert not problems
    ((name, codes, label),) = [(row.name, row.codes, row.territory) for row in rows]
    assert (name, codes, label) == ("Aix-en Provence", (13100,), "L\u00e9tang")


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "vide", 1),
        (b" \n", "vide", 1),
        (b"PK\x03\x04...", "classeur", 1),
        (b"\xff\xfe\x00\xd8\x00", "encodage", 1),
        (b"insee_com,lib_com,id_ti\n", "lib_ti", 1),
        (b"insee_com,lib_com,id_ti,lib_ti,id_ti\n", "deux fois", 1),
        (LIST.replace("Arles,,", "Arles,").encode(), "3 valeurs", 3),
        (LIST.replace("13004", "Arles").encode(), "code INSEE", 3),
        (LIST.replace("Arles,,", "Arles,ti-1,").encode(), "ne vont pas ensemble", 3),
        (LIST.replace("Arles,", " ,").encode(), "nom de la commune", 3),
        (LIST.replace('seille"', "seille").encode(), "guillemets", 4),
        (f"{LIST}13004,Arles,ti-2,Île\n".encode(), "déjà à la ligne 3", 5),
        (b"insee_com,lib_com,id_ti,lib_ti\n13004,Arles,,\n", "aucune commune", 1),
        (b"insee_com,lib_com,id_ti,lib_ti,codes_postaux\n13004,Arles,,,13x\n", "codes postaux", 2),
    ],
)
def test_what_is_wrong_is_told_with_its_line(content: bytes, code: str, line: int) -> None:
    _, problems = read_table(content, "liste.csv")
    assert code in problems[0].message
    assert problems[0].line == line
    assert problems[0].remedy


def test_a_file_of_faults_is_told_in_part() -> None:
    rows = "".join(f"{number},?,,\n" for number in range(100))
    _, problems = read_table(f"insee_com,lib_com,id_ti,lib_ti\n{rows}".encode(), "liste.csv")
    assert len(problems) == 21


def test_an_import_is_dated_and_a_refused_one_replaces_nothing(tmp_path: Path) -> None:
    source = tmp_path / "liste-ti-com2023-20240704.csv"
    source.write_text(LIST, "utf-8")
    import_list(source, tmp_path, today=TODAY, listed_on=None)
    read = read_list(tmp_path / TOWNS_FILE)
    assert not read.problems
    assert (read.list.listed_on, read.list.imported_on) == (date(2024, 7, 4), TODAY)
    assert read.list.source == source.name
    assert not read.list.is_example
    before = (tmp_path / TOWNS_FILE).read_bytes()
    source.write_bytes(codecs.BOM_UTF8)
    with pytest.raises(KnowledgeError):
        import_list(source, tmp_path, today=TODAY, listed_on=None)
    assert (tmp_path / TOWNS_FILE).read_bytes() == before


def test_dates_in_names() -> None:
    assert date_in_name("liste-ti-com2023-20240704.csv") == date(2024, 7, 4)
    assert date_in_name("liste_2024-07-04.csv") == date(2024, 7, 4)
    assert date_in_name("liste-20241399.csv") is None
    assert date_in_name("communes-2026.csv") is None


def test_the_example_is_marked_and_small() -> None:
    read = read_list(SHIPPED / EXAMPLE_FILE)
    assert not read.problems
    assert read.list.is_example
    assert len(read.list.towns) == 30


@pytest.fixture(name="towns", scope="module")
def example_towns() -> Towns:
    """The shipped example, with some communes whose names are words."""
    words = {"Nice": "06088", "Sens": "89387", "Tours": "37261", "Us": "95625", "Y": "80829"}
    words |= {"La Table": "73289", "Rémy": "60531", "Lecture": "32208", "Plan": "38308"}
    odd = [Row(insee, name, (), "", "") for name, insee in words.items()]
    return Towns([*read_list(SHIPPED / EXAMPLE_FILE).rows, *odd])


def named(text: str, towns: Towns, **otherwise: bool) -> list[str] | None:
    found = asked(text, towns, Otherwise(**otherwise))
    if found is None:
        return None
    return [
        *("/".join(t.name for t in m.towns) for m in found.mentions),
        *filter(None, [found.unknown]),
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("on est 8 à Istres", "Istres"),
        ("13800", "Istres"),
        ("13 800", "Istres"),
        ("13800 Istres", "Istres"),
        ("13004", "Marseille"),
        ("Marseille 13e ?", "Marseille"),
        ("marseille 8eme arrondissement", "Marseille"),
        ("13ème arrondissement de Marseille", "Marseille"),
        ("et à Toulon ?", "Toulon"),
        ("Toulon", "Toulon"),
        ("toulon ?", "Toulon"),
        ("Miramas c'est dedans ?", "Miramas"),
        ("miramas dedans ou dehors", "Miramas"),
        ("je suis de Port-de-Bouc", "Port-de-Bouc"),
        ("notre atelier est basé sur Vitrolles, ça compte ?", "Vitrolles"),
        ("on est 8 à Istres, on est éligibles ?", "Istres"),
        ("St Mitre c bon ?", "Saint-Mitre-les-Remparts"),
        ("ST MITRE LES REMPARTS", "Saint-Mitre-les-Remparts"),
        ("on bosse à Fos", "Fos-sur-Mer"),
        ("fos s/mer ?", "Fos-sur-Mer"),
        ("nous sommes installés à Aix", "Aix-en-Provence"),
        ("on est aux Milles", "Aix-en-Provence"),
        ("et salon ?", "Salon-de-Provence"),
        ("mon usine est à Rognac, je suis dans le périmètre", "Rognac"),
        ("est-ce que Gardanne est concernée ?", "Gardanne"),
        ("gardane c'est dedans ?", "Gardanne"),
        ("mirammas", "Miramas"),
        ("on est à vitrole", "Vitrolles"),
        ("berre letang ça compte ?", "Berre-l'Étang"),
        ("quel territoire pour Pertuis ?", "Pertuis"),
        ("Pertuis fait partie de quel territoire ?", "Pertuis"),
        ("La Seyne-sur-Mer est exclue ?", "La Seyne-sur-Mer"),
        ("la mairie de Gardanne est-elle éligible ?", "Gardanne"),
        ("bonjour, on est une pme de 12 personnes à Marignane, ça nous concerne ?", "Marignane"),
        ("notre atelier d'usinage est situé à Rousset", "Rousset"),
        ("code postal 13127", "Vitrolles"),
        ("je suis dans le 13500", "Martigues"),
        ("Saint-Denis 93", "Saint-Denis"),
        ("Nice c'est dedans ?", "Nice"),
        ("et à Nice ?", "Nice"),
        ("on est à Sens", "Sens"),
        ("on est à sens", "Sens"),
        ("je suis à Us", "Us"),
        ("et Tours ?", "Tours"),
        ("nous sommes à Y", "Y"),
        ("We are based in Martigues", "Martigues"),
        ("is Istres covered?", "Istres"),
        ("and what about Marseille?", "Marseille"),
        ("et à Trifouilly ?", "trifouilly"),
        ("je suis à Perpette-les-Oies", "perpette les oies"),
    ],
)
def test_questions_about_a_town(towns: Towns, text: str, name: str) -> None:
    assert named(text, towns) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "qui dirige le projet de Fos ?",
        "un projet à Istres ?",
        "y a t il des projets à Fos",
        "projets Istres",
        "le projet de Rousset",
        "resto à Istres",
        "prochain train Miramas - Saint-Charles",
        "la maire de Saint-Mitre",
        "qui est le maire d'Istres",
        "ST Rousset recrute ?",
        "le port de Fos recrute",
        "horaires de la mairie de Gardanne",
        "il va pleuvoir demain à Marseille ?",
        "quel est le programme de la fête à Martigues",
        "je cherche un stage à Vitrolles",
        "je cherche un terrain à Fos",
        "combien d'habitants à Istres",
        "comment aller à Martigues",
        "vol pour Nice",
        "pont de Martigues fermé ?",
        "y a des bouchons à Marseille",
        "Marseille a gagné hier soir ?",
        "vous êtes à Marseille ?",
        "où est votre bureau à Aix ?",
        "le chef de projet est à Marseille ?",
        "usinage à Istres",
        "quelque chose autour des conteneurs à Fos",
        "STMicroelectronics Rousset",
        "Airbus Marignane",
        "ArcelorMittal Fos",
        "PIICTO à Fos",
        "c'est quoi la marche à suivre",
        "on passe à table",
        "quel est le sens du programme",
        "je suis Rémy",
        "j'ai 15000 euros à investir",
        "mon client paye pas depuis 4 mois c'est 13800 balles dehors",
        "mon numéro est le 06 12 34 56 78",
        "on est contents",
        "on est en retard",
        "on est dans le plan",
        "je suis perdu",
        "je suis au bout du rouleau",
        "nous voulons recruter",
        "c'est pour les PME aussi ?",
        "et pour une boîte de 8 ?",
        "et pour le trouver ?",
        "nice",
        "c'est bon",
        "et la suite ?",
        "et les autres ?",
        "bonjour",
        "oui",
        "ok",
        "test",
        "Mes salariés manquent de bases en lecture de plan, existe-t-il des cours du soir ?",
        "autour de l'étang de Berre on est concerné ?",
        "Istres " * 200,
    ],
)
def test_other_questions(towns: Towns, text: str) -> None:
    assert named(text, towns) is None


def test_what_is_surely_something_else_stays_it(towns: Towns) -> None:
    story = "notre atelier est à Istres et les banques refusent tout crédit"
    assert named(story, towns) == ["Istres"]
    assert named(story, towns, other=True) is None
    assert named("on ouvre à Istres, ça nous fait entrer ?", towns, territory=True) == ["Istres"]


def test_several_towns_and_homonyms(towns: Towns) -> None:
    assert named("Istres et Arles, c'est dedans ?", towns) == ["Istres", "Arles"]
    assert named("et saint denis ?", towns) == ["/".join(["Saint-Denis"] * 4)]
    assert named("84120", towns) == ["Pertuis/Exemple-sur-Durance"]
    assert named("99999", towns) == [""]


@pytest.fixture(name="reads")
def counted_reads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was read, each time."""
    done: list[Any] = []

    def counting(*given: Any) -> Any:
        done.append(given)
        return read_list(*given)

    monkeypatch.setattr(bot.content.town_lists, "read_list", counting)
    return done


async def test_the_list_is_read_only_when_its_file_changes(
    tmp_path: Path, reads: list[Any]
) -> None:
    services = cast("Services", SimpleNamespace(town_list=None))
    lists = TownLists(tmp_path, services, fictitious=False)
    (tmp_path / TOWNS_FILE).write_text(LIST, "utf-8")
    await lists.refresh()
    served = services.town_list
    for number in range(100):
        (tmp_path / "faq.yaml").write_text(str(number), "utf-8")
        await lists.refresh()
    assert len(reads) == 1
    assert services.town_list is served
    (tmp_path / TOWNS_FILE).write_text("rien", "utf-8")
    await lists.refresh()
    assert services.town_list is served
    assert lists.problems
    (tmp_path / TOWNS_FILE).write_text(LIST.replace("Arles", "Aureille"), "utf-8")
    await lists.refresh()
    assert not lists.problems
    assert services.town_list.towns.named("aureille")


async def test_an_imported_list_replaces_the_example(tmp_path: Path) -> None:
    services = cast("Services", SimpleNamespace(town_list=None))
    (tmp_path / "fictifs").mkdir()
    (tmp_path / EXAMPLE_FILE).write_bytes((SHIPPED / EXAMPLE_FILE).read_bytes())
    lists = TownLists(tmp_path, services, fictitious=True)
    await lists.refresh()
    assert services.town_list.is_example
    (tmp_path / TOWNS_FILE).write_text(LIST, "utf-8")
    await lists.refresh()
    assert not services.town_list.is_example


async def test_a_replaced_list_leaves_nothing_behind(tmp_path: Path) -> None:
    services = cast("Services", SimpleNamespace(town_list=None))
    lists = TownLists(tmp_path, services, fictitious=False)
    for number in range(20):
        (tmp_path / TOWNS_FILE).write_text(LIST + f"{14000 + number},Caen,,\n", "utf-8")
        await lists.refresh()
    gc.collect()
    assert sum(isinstance(each, Towns) for each in gc.get_objects()) <= 3
