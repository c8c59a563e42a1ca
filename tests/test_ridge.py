"""Learning and calibrating: against the long way round, and against what is known."""

from dataclasses import astuple

import numpy as np
import pytest
from dialogue import inside
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.ranking import ridge
from knowledge.ranking.ridge import calibrate, factor, learn, left_out


def made_up(seed: int, count: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a kernel of made-up examples, their labels (of 3), and their groups (of 4)."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, count)
    points = random.normal(size=(count, 5)) + np.eye(3, 5)[labels] * 3
    groups = np.array([f"g{number % 4}" for number in range(count)])
    return np.exp(-((points[:, None] - points[None]) ** 2).sum(axis=2) / 10), labels, groups


def test_what_was_learnt_is_known_and_what_was_not_is_mostly_guessed() -> None:
    kernel, labels, groups = made_up(1)
    head = learn(kernel.copy(), np.eye(3)[labels], groups)
    scores = kernel @ head.coefficients + head.coefficients.sum(axis=0)
    assert (scores.argmax(axis=1) == labels).mean() > 0.95
    assert (head.held_out.argmax(axis=1) == labels).mean() > 0.8


@settings(max_examples=20)
@given(seed=st.integers(0, 1000))
def test_leaving_a_group_out_is_what_learning_without_it_gives(seed: int) -> None:
    kernel, labels, groups = made_up(seed)
    quick = learn(kernel.copy(), np.eye(3)[labels], groups).held_out
    for group in set(groups):
        out, rest = np.flatnonzero(groups == group), np.flatnonzero(groups != group)
        targets = np.eye(3)[labels[rest]]
        regular = kernel[np.ix_(rest, rest)] + 1 + inside(ridge, "RIDGE") * np.eye(len(rest))
        slow = (kernel[np.ix_(out, rest)] + 1) @ np.linalg.solve(regular, targets)
        assert np.allclose(quick[out], slow, atol=1e-6)


@pytest.mark.parametrize("count", [1, 255, 256, 257, 700, 1300])
def test_a_kernel_of_any_size_is_factored_in_place(count: int) -> None:
    kernel, _, _ = made_up(5, count)
    matrix = kernel.astype(np.float32)
    factor(matrix)
    inverse = matrix.T @ matrix
    assert np.allclose(
        inverse @ (kernel + inside(ridge, "RIDGE") * np.eye(count)), np.eye(count), atol=1e-3
    )


@pytest.mark.parametrize(("count", "done"), [(700, 256), (700, 512), (1300, 1024), (512, 512)])
def test_rows_that_were_factored_before_are_not_made_again(count: int, done: int) -> None:
    kernel, labels, groups = made_up(5, count)
    targets = np.eye(3)[labels]
    whole, rest = kernel.astype(np.float32), kernel.astype(np.float32)
    from_nothing = learn(whole, targets, groups)
    rest[:done] = whole[:done]
    after = learn(rest, targets, groups, done=done)
    for one, other in zip(astuple(from_nothing), astuple(after), strict=True):
        assert (one == other).all()


@settings(max_examples=20)
@given(seed=st.integers(0, 1000))
def test_leaving_one_out_is_leaving_out_a_group_of_one(seed: int) -> None:
    kernel, labels, _ = made_up(seed)
    targets, alone = np.eye(3)[labels], np.arange(len(labels)).astype(str)
    head = learn(kernel.copy(), targets, alone)
    assert np.allclose(left_out(targets, head.coefficients, head.curbs), head.held_out)


def test_probabilities_are_as_often_right_as_they_say() -> None:
    random = np.random.default_rng(3)
    features = random.normal(size=(4000, 2))
    truth = 1 / (1 + np.exp(-(2 * features[:, 0] - 1)))
    happened = random.random(4000) < truth
    guessed = calibrate(features, happened).probability(features)
    assert np.abs(guessed - truth).mean() < 0.03
    for low in (0.1, 0.5, 0.8):
        band = (guessed >= low) & (guessed < low + 0.1)
        assert happened[band].mean() == pytest.approx(guessed[band].mean(), abs=0.08)


@pytest.mark.parametrize("value", [True, False])
def test_what_always_or_never_happens_is_no_accident(value: bool) -> None:
    features = np.random.default_rng(4).normal(size=(30, 2))
    guessed = calibrate(features, np.full(30, value)).probability(features)
    assert np.isfinite(guessed).all()
    assert (guessed > 0.5).all() == value
