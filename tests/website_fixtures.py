"""The public pages of the shipped and the invented knowledge, with everything that could be set."""

from dataclasses import replace
from datetime import date
from functools import cache

from conftest import SHIPPED

from knowledge.knowledge import Knowledge
from knowledge.loading import load_texts
from knowledge.territories.town_list import read_list, towns_file
from website.facts import Facts
from website.site import Site

TODAY = date(2026, 11, 28)
FACTS = Facts(
    operator="l'équipe d'essai",
    email="contact@exemple.fr",
    phone="04 91 00 00 00",
    postal_address="1 rue de l'Essai, 13000 Marseille",
    dpo_email="dpo@exemple.fr",
    bot_username="essai_bot",
    address="https://projets.exemple.fr/",
    publication_director="Paule Essai",
    host="Hébergeur d'essai",
    dataset="https://www.data.gouv.fr/datasets/essai",
    towns=read_list(towns_file(SHIPPED, fictitious=True)).list,
    privacy={"fr": "<b>Qui.</b> L'équipe.\n\n- lire ;\n- corriger.", "en": "<b>Who.</b> The team."},
)


@cache
def invented() -> Knowledge:
    """The shipped knowledge, with the invented projects."""
    return load_texts(SHIPPED, fictitious=True)


def every_kind() -> Knowledge:
    """The same, with an answer that is out of date, one without English, and a hidden project."""
    knowledge = invented()
    first, second, *others = knowledge.entries
    hidden = replace(knowledge.projects[0], id="en-attente")
    return replace(
        knowledge,
        entries=(
            replace(first, valid_until=date(2026, 11, 1)),
            replace(second, en=None),
            *others,
        ),
        hidden_projects=(hidden,),
    )


def served(knowledge: Knowledge | None = None, **changed: object) -> Site:
    """The site as a server has it."""
    facts = replace(FACTS, is_served=True, **changed)  # type: ignore[arg-type]  # fields by name
    return Site(knowledge or every_kind(), facts, TODAY)


def on_disk(knowledge: Knowledge | None = None) -> Site:
    """The site of a new folder on a disk: nothing is known of where it will stand."""
    return Site(knowledge or every_kind(), Facts(operator="l'équipe"), TODAY)
