"""What is asked about a project that was just shown, and what its card can say to it."""

import re
from collections.abc import Iterable
from enum import StrEnum

from knowledge.model import Project
from knowledge.text.normalise import normalise

# In words: a longer text says by itself what it is about.
_LONGEST = 14
_SHORTEST_WORD = 5


class About(StrEnum):
    """What a short text wants of the project in sight; the values name the messages."""

    JOINING = "joining"
    LEAD = "about_lead"
    PLACE = "about_place"
    TIME = "about_time"
    UNSAID = "about_unsaid"


# Of normalised texts, in the order in which they are tried.
_PATTERNS: tuple[tuple[About, re.Pattern[str]], ...] = tuple(
    (about, re.compile(rf"\b(?:{pattern})\b"))
    for about, pattern in (
        (
            About.JOINING,
            (
                r"interesse\w*|(?:ca|cela) (?:me|nous) (?:branche|tente|parle|plait|botte)"
                r"|(?:mettez|notez|inscri\w+|comptez|ajoutez|rajoutez|prenez)(?: y)? (?:moi|nous)"
                r"|j en suis|(?:je|on) (?:participe|m inscris|s inscrit|rejoins|rejoint|signe)"
                r"|(?:je|on) (?:suis|serais|est|serait) (?:partant|preneu|chaud|volontaire)\w*"
                r"|(?:comment|veux|voudrais|aimerais|veut|peut|puis je|peux|pour)"
                r"(?: (?:le|la|les|y|en|se|on|je|nous|m))*"
                r" (?:rejoindre|participer|inscrire|entrer|integrer|candidater|postuler|en etre)"
                r"|interested|count (?:me|us) in|sign (?:me|us) up|(?:want|like) (?:to join|in)"
                r"|(?:can|do|could) (?:i|we) (?:join|take part)|(?:i|we) (?:am|are|m|re) in"
            ),
        ),
        (
            About.LEAD,
            (
                r"qui .{0,24}(?:occupe|pilote|dirige|mene|porte|gere|tient|chapeaute|responsable"
                r"|derriere|chef|anime|contacte|appel|voir|parle)\w*|c est qui|chef de file"
                r"|(?:le|la|les) (?:responsable|porteur|porteuse|pilote|patron|organisateur)s?"
                r"|who .{0,24}(?:runs?|leads?|charge|manages?|behind|contact|call|responsible|talk)"
                r"|who is it|who s it|whose|the lead"
            ),
        ),
        (
            About.PLACE,
            (
                r"loin|distance|kilometres?|km|adresse(?! (?:e )?(?:mail|electronique))|situe\w*"
                r"|se trouve|se passe|quel endroit"
                r"|c est ou|ou (?:est|c est|ca|se|exactement)|quelle (?:ville|commune)"
                r"|where|how far|far from|located|address"
            ),
        ),
        (
            About.TIME,
            (
                r"date limite|jusqu a quand|(?:encore|toujours) (?:ouvert|possible|temps)\w*"
                r"|trop tard|pour quand|quand(?! meme)|deadline|still open|until when|when|too late"
            ),
        ),
        (
            About.UNSAID,
            (
                r"combien|rapporte\w*|coute\w*|couts?|prix|tarifs?|paye\w*|paie|gratuit\w*|gagne\w*"
                r"|marges?|benefices?|remunere\w*|argent|engage\w*|duree|risques?|contrat|conditions"
                r"|how (?:much|many|long)|costs?|paid|free|prices?|earn\w*|worth"
            ),
        ),
    )
)
_DENIED = re.compile(r"\b(?:pas|plus|jamais|aucun\w*|rien|not|no|never|don t)\b")


def asked_about(text: str) -> About | None:
    """Return what a text wants of the project in sight; None for what is about something else."""
    typed = normalise(text)
    if len(typed.split()) > _LONGEST:
        return None
    found = next((about for about, pattern in _PATTERNS if pattern.search(typed)), None)
    return None if found is About.JOINING and _DENIED.search(typed) else found


def titled_in(text: str, projects: Iterable[Project]) -> Project | None:
    """Return the one project whose title begins in a text: "usinage de secours, c'est où ?"."""
    typed = f" {normalise(text)} "
    named = [each for each in projects if f" {_beginning(each.title)} " in typed]
    return named[0] if len(named) == 1 else None


def _beginning(title: str) -> str:
    """Return the first words of a title, enough to call it by: two that say something."""
    words = normalise(title).split()
    long = [place for place, word in enumerate(words) if len(word) >= _SHORTEST_WORD]
    return " ".join(words[: long[1] + 1]) if len(long) > 1 else " ".join(words)
