"""The probabilities from which the matcher answers or offers choices, and their reasons."""

from dataclasses import dataclass

from knowledge.ranking.ranker import SURE


@dataclass(frozen=True)
class Thresholds:
    """The least calibrated probability for an answer, and for a choice.

    They follow from what each mistake costs a person, counted in taps: one more tap costs 1. A
    wrong answer given with confidence costs about 5 (read it, doubt, ask again), so answer directly
    when (1 - p) * 5 < 1, that is from p = 0.8. A useless choice costs about 1, and silence when an
    answer existed about 4, so offer choices from p = 0.2. Tested on voices that were not learnt
    from in docs/matching.md.
    """

    answer: float = SURE
    choice: float = 0.2
    # What does not look like a question is one of a message's questions only if it is surer.
    theme: float = 0.9
    # An act that only shows something costs about 3 when it is wrong (``likely_acts.py``): it is
    # done when (1 - p) * 3 < 1.
    cheap_act: float = 0.67
    acts: float = 0.86
    most_choices: int = 3
