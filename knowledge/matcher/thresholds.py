"""How sure is sure enough: what the decisions of the matcher cost a person."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Thresholds:
    """Where an answer is sure enough, and where a choice still is, in calibrated probabilities.

    They follow from what each mistake costs a person. Take one more tap as 1. A wrong answer given
    with confidence costs about 5 (read it, doubt, ask again): answer directly where
    (1 - p) * 5 < 1, so from p = 0.8. A choice in vain costs about 1, silence where an answer
    existed about 4: offer choices from p = 0.2. Held against unknown voices in docs/matching.md.
    """

    answer: float = 0.8
    choice: float = 0.2
    # Two parts of one message must each be surer than a whole one to be taken for two questions.
    theme: float = 0.9
    small_talk: float = 0.86
    most_choices: int = 3
