"""Which act to do although it is not as sure as an answer must be, and why that is fair.

An answer is given from p = 0.8, as a wrong one costs five taps (``thresholds.py``). Acts differ:

- those that show a screen or a few words cost about 3 when wrong (glance, doubt, say it again), so
  they are done when (1 - p) * 3 < 1, from p = 2/3;
- to whoever is in distress, angry or complains, a list of subjects costs about 4, and human words
  that were not needed about 3: they are said from p = 3/7, whatever else is likely. Left-out voices
  are upset in half of the cases from which the scores of these acts together reach 0.25;
- an act and the entry about the same thing are no choice: the entry has the button of the act;
- while such an entry has few phrasings, its questions are taken for the act, which has many. Then
  either may be meant: the act done in vain costs about 3, the answer with its button 1.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from knowledge.model import Act, Action, Entry
from knowledge.ranking.corpus import FEWEST, Example
from knowledge.ranking.ranker import Ranked

_MOODS = frozenset({"detresse", "colere", "insulte", "reclamation"})
# A complaint has a title: where an entry is as near, it is one of the choices.
_AHEAD = 0.1
_LEAST_MOOD = 0.25
# Both scores together, from which twins of left-out voices are right four times out of five.
_LEAST_TWINS = 0.5
# What these actions do is shown at once, and changes nothing.
_CHEAP = frozenset(
    {None, Action.YES, Action.NO, Action.REPEAT, Action.CONTACT, Action.PHONE, Action.CALL_BACK}
    | {Action.REQUESTS, Action.PROJECTS, Action.HELP, Action.THEMES}
)
_GIVING = frozenset({Action.SHARE, Action.PROPOSE})
# "What is there?" is answered by the list; these ask about it.
_EXPLAINED = (
    "comment ",
    "how ",
    "qui ",
    "who ",
    "pourquoi ",
    "why ",
    "est ce ",
    "peut on ",
    "can ",
)


class LikelyActs:
    """What is known of acts besides their scores; immutable once made."""

    def __init__(
        self, entries: Iterable[Entry], acts: Iterable[Act], examples: Iterable[Example]
    ) -> None:
        acts, entries = tuple(acts), tuple(entries)
        actions = {entry.id: entry.action for entry in entries}
        self._entries = frozenset(actions)
        self._titled = frozenset(act.id for act in acts if act.title)
        self._cheap = frozenset(act.id for act in acts if act.action in _CHEAP)
        # An entry may bear the name of a mood where no act does.
        self._moods = _MOODS & {act.id for act in acts}
        acting = {act.id: act.action for act in acts} | actions
        self._giving = frozenset(id_ for id_, action in acting.items() if action in _GIVING)
        self._listing = frozenset(act.id for act in acts if act.action is Action.PROJECTS)
        self._twins: Mapping[frozenset[str], tuple[str, str]] = MappingProxyType(
            {
                frozenset({act.id, entry}): (act.id, entry)
                for act in acts
                for entry in act.see_also
                if act.action is not None and actions.get(entry) is act.action
            }
        )
        counts = Counter(example.entry for example in examples)
        self._hidden_by: Mapping[str, str] = MappingProxyType(
            {
                act: entry
                for act, entry in self._twins.values()
                if counts[entry] < FEWEST <= counts[act] and act not in self._moods
            }
        )

    def costs_little(self, id_: str) -> bool:
        """Tell whether doing this act by mistake costs little."""
        return id_ in self._cheap

    def gives(self, id_: str) -> bool:
        """Tell whether an act, or the entry about it, offers or seeks what a project may want."""
        return id_ in self._giving

    def is_mood(self, shown: Iterable[str]) -> bool:
        """Tell whether an act for the upset is among what is shown."""
        return not self._moods.isdisjoint(shown)

    def mood_in(self, ranked: Sequence[Ranked]) -> str | None:
        """Return the likeliest mood of a message; None where no mood is likely."""
        moods = [each for each in ranked if each.id in self._moods]
        if not moods or sum(each.score for each in moods) < _LEAST_MOOD:
            return None
        first, rival = moods[0], max((r.score for r in ranked if r.id in self._entries), default=0)
        disputed = first.id in self._titled and first.score < rival + _AHEAD
        return None if disputed else first.id

    def unhidden(self, id_: str) -> str:
        """Return the entry with few phrasings that an act hides; what hides none, as it is."""
        return self._hidden_by.get(id_, id_)

    def of_twins(self, ranked: Sequence[Ranked], asked: str) -> str | None:
        """Return the more useful of the two likeliest where they are twins, or None."""
        first, second = ranked[:1], ranked[1:2]
        pair = self._twins.get(frozenset(each.id for each in (*first, *second)))
        if pair is None or sum(each.score for each in ranked[:2]) < _LEAST_TWINS:
            return None
        act, entry = pair
        # Who wants to see projects is shown them; how it is done is explained.
        sees = act == ranked[0].id and act in self._listing
        return act if sees and not asked.startswith(_EXPLAINED) else entry
