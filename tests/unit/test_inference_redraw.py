"""Lotteries drawn again: exact counts, the same bits however they are computed, resuming."""

import subprocess
import sys

import numpy as np
import pytest

from jobeval.errors import DataError, DesignError
from jobeval.inference import redraw
from jobeval.inference.assignment import Assignment
from jobeval.inference.blocks import digest_of, run_blocks
from jobeval.inference.enumeration import choose_lotteries, count_lotteries
from jobeval.inference.redraw import (
    draw_arms,
    fill_arms_urn,
    fill_urn,
    rank_arms,
    redraw_arms,
    redraw_lottery,
    stream_key,
)
from jobeval.inference.statistics import redraw_statistics


def lottery(z, stratum=None, cluster=None, probability=None) -> Assignment:
    z = np.asarray(z)
    stratum = np.zeros(len(z), dtype=int) if stratum is None else np.asarray(stratum)
    labels = tuple(str(code) for code in range(int(stratum.max()) + 1))
    return Assignment(np.ones(len(z), bool), z, stratum, labels, cluster, probability)


def all_draws(real: Assignment, draws: int, seed: int = 5) -> np.ndarray:
    return np.concatenate(list(redraw_lottery(real, draws, np.random.SeedSequence(seed))))


def test_every_pair_of_units_is_as_likely_together() -> None:
    """Complete randomisation of 3 in 7: pairs are together with probability 3·2/(7·6)."""
    draws = all_draws(lottery([1, 1, 1, 0, 0, 0, 0]), 20_000)
    together = (draws.T @ draws) / len(draws)
    off = together[~np.eye(7, dtype=bool)]
    assert np.abs(off - 1 / 7).max() < 5 * np.sqrt(1 / 7 * 6 / 7 / 20_000)


def test_clusters_within_strata() -> None:
    stratum, cluster = np.repeat([0, 1], [12, 8]), np.repeat(np.arange(10), 2)
    z = np.repeat([1, 0, 1, 1, 0, 0, 1, 0, 0, 0], 2)
    draws = all_draws(lottery(z, stratum, cluster), 300)
    assert (draws[:, ::2] == draws[:, 1::2]).all()
    assert (draws[:, :12].sum(axis=1) == 6).all()
    assert (draws[:, 12:].sum(axis=1) == 2).all()


def test_known_probabilities_are_drawn_independently() -> None:
    probability = np.array([0.1, 0.5, 0.9, 0.3])
    draws = all_draws(lottery([0, 1, 1, 0], probability=probability), 20_000)
    assert np.abs(draws.mean(axis=0) - probability).max() < 4 * np.sqrt(0.25 / 20_000)
    assert len(np.unique(draws.sum(axis=1))) == 5


def test_one_probability_for_all_keeps_the_counts() -> None:
    draws = all_draws(lottery([0, 1, 1, 0], probability=np.full(4, 0.5)), 100)
    assert (draws.sum(axis=1) == 2).all()


def test_a_cluster_has_one_probability() -> None:
    real = lottery([1, 1, 0, 0], None, np.array([0, 0, 1, 1]), np.array([0.2, 0.3, 0.5, 0.5]))
    with pytest.raises(DesignError, match="one probability"):
        fill_urn(real)


def test_several_arms_are_drawn_together() -> None:
    arm, stratum = np.array([0, 1, 2, 2, 0, 0, 1, 2]), np.repeat([0, 1], 4)
    blocks = redraw_arms(arm, 200, np.random.SeedSequence(1), stratum=stratum)
    draws = np.concatenate(list(blocks))
    assert (np.sort(draws[:, :4], axis=1) == [0, 1, 2, 2]).all()
    assert (np.sort(draws[:, 4:], axis=1) == [0, 0, 1, 2]).all()
    assert len(np.unique(draws, axis=0)) > 50


def test_a_draw_does_not_depend_on_its_neighbours() -> None:
    urn, key = fill_urn(lottery(np.arange(37) % 2)), stream_key(np.random.SeedSequence(3))
    together = draw_arms(urn, key, 0, 130)
    assert all((draw_arms(urn, key, i, 1)[0] == together[i]).all() for i in (0, 63, 64, 129))
    assert len(np.unique(together, axis=0)) == 130


def test_tied_keys_still_give_exact_counts(monkeypatch) -> None:
    """With keys of four values only, nearly every draw has a tie at a threshold."""
    arm = np.array([0, 1, 2, 2, 0, 0, 1, 2, 0, 0])
    urn = fill_arms_urn(arm, np.repeat([0, 1], 5), None, 3)
    random_keys = redraw._random_keys
    monkeypatch.setattr(redraw, "_random_keys", lambda *args: random_keys(*args) >> 30)
    draws = draw_arms(urn, stream_key(np.random.SeedSequence(1)), 0, 500)
    assert (np.sort(draws[:, :5], axis=1) == [0, 0, 1, 2, 2]).all()
    assert (np.sort(draws[:, 5:], axis=1) == [0, 0, 0, 1, 2]).all()


def test_equal_keys_count_in_their_order() -> None:
    arms = rank_arms(np.array([7, 7, 1, 7], dtype=np.uint32), np.array([1, 3]))
    assert arms.tolist() == [1, 1, 2, 0]


def test_no_draws_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        next(redraw_lottery(lottery([0, 1]), 0, np.random.SeedSequence(1)))


def test_every_possible_lottery_comes_once() -> None:
    real = lottery([1, 0, 0, 1, 0, 1, 1], [0, 0, 0, 1, 1, 1, 1])
    urn = fill_urn(real)
    assert count_lotteries(urn) == 3 * 4
    lotteries = choose_lotteries(urn, 12, 1)
    drawn = np.empty((12, 7), dtype=int)
    lotteries.tile(0, drawn)
    assert (lotteries.exact, lotteries.total) == (True, 12)
    assert len(np.unique(drawn, axis=0)) == 12
    assert (drawn[:, :3].sum(axis=1) == 1).all() and (drawn[:, 3:].sum(axis=1) == 3).all()
    assert not choose_lotteries(urn, 11, 1).exact


def test_unequal_probabilities_are_not_counted_out() -> None:
    assert count_lotteries(fill_urn(lottery([0, 1], probability=np.array([0.2, 0.7])))) == np.inf


# --- blocks -------------------------------------------------------------------------------


@pytest.fixture
def trial() -> tuple[np.ndarray, np.ndarray, Assignment]:
    rng = np.random.default_rng(7)
    stratum = rng.integers(0, 3, 91)
    outcomes = rng.normal(size=(91, 4))
    outcomes[:9, 1] = np.nan
    return outcomes, rng.normal(size=(91, 2)), lottery(rng.integers(0, 2, 91), stratum)


@pytest.mark.parametrize("form", ["none", "ancova", "lin"])
def test_same_bits_for_any_workers_and_draws(trial, form: str, monkeypatch) -> None:
    outcomes, covariates, real = trial
    import jobeval.inference.statistics as statistics

    def run(draws: int, workers: int, block: int) -> np.ndarray:
        given = {"covariates": covariates, "form": form, "draws": draws, "workers": workers}
        monkeypatch.setattr(
            statistics, "run_blocks", lambda *a, **k: run_blocks(*a, **k, block=block)
        )
        return redraw_statistics(outcomes, real, seed=11, **given).drawn

    whole = run(300, 1, 1024)
    for draws, workers, block in ((300, 3, 64), (300, 2, 37), (129, 2, 100)):
        assert (run(draws, workers, block) == whole[:draws]).all()


def test_the_hash_seed_does_not_matter() -> None:
    program = (
        "import numpy as np; from jobeval.inference.assignment import Assignment;"
        "from jobeval.inference.statistics import redraw_statistics;"
        "a = Assignment(np.ones(30, bool), np.arange(30) % 2, np.arange(30) % 3, tuple('abc'));"
        "r = redraw_statistics(np.arange(30.)[:, None] ** 2, a, draws=100, seed=1);"
        "print(r.drawn.tobytes().hex())"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True, check=True, text=True,
        ).stdout
        for seed, threads in (("1", "1"), ("2", "2"))
    }  # fmt: skip
    assert len(answers) == 1


def test_an_interrupted_run_goes_on(trial, tmp_path) -> None:
    outcomes, covariates, real = trial
    given = {"covariates": covariates, "form": "ancova", "draws": 3000, "seed": 2, "workers": 1}
    whole = redraw_statistics(outcomes, real, **given)
    folder = tmp_path / "draws"

    def stop(done: int, total: int, text: str) -> None:
        if done > 1000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        redraw_statistics(outcomes, real, **given, progress=stop, checkpoint=folder)
    first = sorted(folder.glob("*.npy"))[0]
    before = first.stat().st_mtime_ns
    told: list[tuple[int, int]] = []
    resumed = redraw_statistics(
        outcomes, real, **given, checkpoint=folder,
        progress=lambda done, total, text: told.append((done, total)),
    )  # fmt: skip
    assert (resumed.drawn == whole.drawn).all()
    assert first.stat().st_mtime_ns == before
    assert told[-1] == (3000, 3000)
    assert not list(folder.glob("*.unfinished"))


def test_a_checkpoint_of_other_work_is_refused(trial, tmp_path) -> None:
    outcomes, _, real = trial
    redraw_statistics(outcomes, real, draws=50, seed=1, checkpoint=tmp_path / "a")
    for change in ({"seed": 2}, {"studentised": False}):
        with pytest.raises(DataError, match="another folder"):
            redraw_statistics(
                outcomes, real, **{"draws": 50, "seed": 1, "checkpoint": tmp_path / "a"} | change
            )
    with pytest.raises(DataError, match="another folder"):
        redraw_statistics(outcomes + 1, real, draws=50, seed=1, checkpoint=tmp_path / "a")


def test_a_failing_task_is_told() -> None:
    def task(start: int, stop: int) -> np.ndarray:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        run_blocks(task, 10, block=2)


def test_shapes_belong_to_the_digest() -> None:
    assert digest_of([np.zeros((2, 3))], []) != digest_of([np.zeros((3, 2))], [])
    assert digest_of([None], []) != digest_of([], [])
