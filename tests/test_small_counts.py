"""What is published tells of no fewer than five people, also to whoever subtracts."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from bot.figures.small_counts import LEAST, listed, published
from storage.records.figures import Counted

COUNTS = some.dictionaries(some.sampled_from("abcdefg"), some.integers(0, 30))


def test_what_is_large_is_published_whole() -> None:
    assert published({"a": 5, "b": 0, "c": 12}).parts == {"a": 5, "b": 0, "c": 12}
    assert published({"a": 5, "b": 12}).total == 17


def test_a_small_count_takes_another_with_it() -> None:
    found = published({"a": 2, "b": 7, "c": 30})
    assert (found.total, found.parts) == (39, {"a": None, "b": None, "c": 30})


def test_two_small_counts_that_their_sum_would_tell_take_a_third() -> None:
    assert published({"a": 1, "b": 1, "c": 9, "d": 30}).parts == {
        "a": None,
        "b": None,
        "c": None,
        "d": 30,
    }


def test_a_small_total_is_hidden() -> None:
    for counts in ({"a": 3}, {"a": 1, "b": 4}, {"a": 4, "b": 0}):
        found = published(counts)
        assert found.total is None
        assert [count for count in found.parts.values() if count] == []


@given(COUNTS)
def test_no_hidden_count_can_be_told_from_what_is_shown(counts: dict[str, int]) -> None:
    found = published(counts)
    hidden = [key for key, count in found.parts.items() if count is None]
    assert all(count is None or count == counts[key] for key, count in found.parts.items())
    assert {key for key, count in counts.items() if 0 < count < LEAST} <= set(hidden)
    if found.total is None or not hidden:
        return
    rest = found.total - sum(count or 0 for count in found.parts.values())
    # Any of them may be five or more, whatever the others are.
    assert len(hidden) > 1
    assert rest - (len(hidden) - 1) >= LEAST


@given(some.lists(some.integers(1, 40)), some.integers(0, 20))
def test_the_others_of_a_list_are_none_or_five_at_least(numbers: list[int], more: int) -> None:
    ordered = sorted(numbers, reverse=True)
    counts = [Counted(str(place), count) for place, count in enumerate(ordered)]
    shown, others = listed(counts, sum(numbers) + more)
    assert all(one.count >= LEAST for one in shown)
    if others is None:
        assert (shown, sum(numbers) + more < LEAST) == ((), True)
    else:
        assert sum(one.count for one in shown) + others == sum(numbers) + more
        assert others == 0 or others >= LEAST
    assert all(first.count >= second.count for first, second in pairwise(shown))
