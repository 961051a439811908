"""104 weekly effects with HC2 against a loop of statsmodels fits, in one run, in CPU seconds.

    python benchmarks/weekly_effects.py [persons ...]

Treatment, 15 strata, six covariates and 104 weekly outcomes with many zeros, by default for
2,408, 100,000 and 1,000,000 persons. Ours runs in a process of its own, so that its peak memory
can be told: the kernel, without and with the covariance across weeks, on outcomes in memory or,
beyond 100,000 persons, read from disk in row blocks; and the front door, from a data frame to
curves with bands. statsmodels fits week by week from arrays in memory; beyond 10,000 persons a
few weeks only, from which the time of 104 is extrapolated. Set OPENBLAS_NUM_THREADS=1 to
compare single threads.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path

import numpy as np

WEEKS, STRATA, COVARIATES, ROWS = 104, 15, 6, 1024
COLUMNS = 2 + COVARIATES + STRATA - 1
IN_MEMORY_UP_TO = 100_000


def draw_design(persons: int) -> np.ndarray:
    """Constant, treatment, covariates, strata but the first."""
    rng = np.random.default_rng(1)
    covariates = rng.normal(size=(persons, COVARIATES))
    strata = np.arange(persons)[:, None] % STRATA == np.arange(1, STRATA)
    return np.column_stack([np.ones(persons), rng.integers(0, 2, persons), covariates, strata])


def draw_outcomes(design: np.ndarray, file: Path) -> None:
    """Hours that hang together over a person's weeks, written block by block."""
    rng = np.random.default_rng(2)
    with file.open("wb") as out:
        for start in range(0, len(design), ROWS):
            part = design[start : start + ROWS]
            own = part @ np.r_[2, 2, np.ones(COLUMNS - 2)] + rng.normal(0, 9, len(part))
            np.maximum(own[:, None] + rng.normal(0, 9, (len(part), WEEKS)), 0).tofile(out)


class FileBlocks:
    """Row blocks read from a file into one buffer, so that no more than one is in memory."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __iter__(self) -> Iterator[np.ndarray]:
        buffer = np.empty((ROWS, WEEKS))
        with self.file.open("rb") as file:
            while size := file.readinto(buffer.data.cast("B")):
                yield buffer[: size // (8 * WEEKS)]


def read_outcomes(file: Path, weeks: int = WEEKS) -> np.ndarray:
    return np.vstack([block[:, :weeks].copy() for block in FileBlocks(file)])


def best(call: Callable[[], object], rounds: int) -> float:
    times: list[float] = []
    for _ in range(rounds):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_ours(persons: int, file: Path) -> dict[str, float]:
    """Seconds and megabytes of the kernel, and the first week for a comparison."""
    from jobeval.effects.weekly.weekly import RowBlocks, WeeklyModel, fit_weeks
    from jobeval.regression.factorised import contrast_loadings, factorise_design

    design = draw_design(persons)
    effect = np.eye(COLUMNS)[[1]]
    in_memory = persons <= IN_MEMORY_UP_TO
    blocks = RowBlocks(read_outcomes(file)) if in_memory else FileBlocks(file)

    def kernel(across: bool) -> tuple[float, float]:
        fit = factorise_design(design)
        model = WeeklyModel(fit, effect, contrast_loadings(fit, effect, "HC2"))
        found = fit_weeks([model], blocks, WEEKS, across=across)
        return float(found.estimate[0, 0]), float(np.sqrt(found.variance[0, 0]))

    before, rounds = peak_mb(), 200 if persons <= 10_000 else 5
    estimate, error = kernel(False)
    return {
        "weeks": best(lambda: kernel(False), rounds),
        "across": best(lambda: kernel(True), rounds),
        "estimate": estimate,
        "error": error,
        "before": before,
        "peak": peak_mb(),
    }


def measure_front_door(persons: int, file: Path) -> float:
    import pandas as pd

    import jobeval as je
    from jobeval.effects.weekly.paths import estimate_path

    names = [f"w{week}" for week in range(WEEKS)]
    frame = pd.DataFrame(read_outcomes(file), columns=names)
    design = draw_design(persons)
    covariates = [f"x{index}" for index in range(COVARIATES)]
    frame = pd.concat(
        [frame, pd.DataFrame(design[:, 2 : 2 + COVARIATES], columns=covariates)], axis=1
    )
    frame["arm"] = design[:, 1].astype(int)
    frame["stratum"] = np.arange(persons) % STRATA
    lottery = je.Lottery(arm="arm", treatment=1, control=0, strata="stratum")
    return best(
        lambda: estimate_path(
            frame, names, lottery, covariates=covariates, adjustment="ancova", vcov="HC2"
        ),
        2,
    )


def measure_statsmodels(persons: int, file: Path) -> tuple[float, int, float, float]:
    """Seconds for 104 weeks, weeks fitted, and the first week's effect and error."""
    from statsmodels.regression.linear_model import OLS

    design = draw_design(persons)
    weeks = WEEKS if persons <= 10_000 else 10 if persons <= 100_000 else 3
    values = read_outcomes(file, weeks)
    fits: list[tuple[float, float]] = []
    start = time.process_time()
    for week in range(weeks):
        fit = OLS(values[:, week], design).fit(cov_type="HC2", use_t=True)
        fits.append((float(fit.params[1]), float(fit.bse[1])))
    seconds = (time.process_time() - start) * WEEKS / weeks
    return seconds, weeks, *fits[0]


def apart(call: Callable[..., object], *given: object) -> object:
    """The answer of a call in a process of its own."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(call, given)


def run(persons: int, folder: Path) -> None:
    file = folder / "outcomes"
    draw_outcomes(draw_design(persons), file)
    ours = apart(measure_ours, persons, file)
    seconds, weeks, estimate, error = apart(measure_statsmodels, persons, file)
    np.testing.assert_allclose([ours["estimate"], ours["error"]], [estimate, error], rtol=1e-8)
    how = "" if weeks == WEEKS else f" (extrapolated from {weeks} weeks)"
    print(f"\n{persons:,} persons, {WEEKS} weeks")
    print(f"  statsmodels loop                {seconds:9.3f} s{how}")
    for name, label in (("weeks", "HC2 each week"), ("across", "and covariance across weeks")):
        print(f"  {label:30}  {ours[name]:9.4f} s  {seconds / ours[name]:6.0f} ×")
    if persons <= IN_MEMORY_UP_TO:
        front = apart(measure_front_door, persons, file)
        print(f"  estimate_path, frame to bands   {front:9.3f} s  {seconds / front:6.0f} ×")
    data = persons * (WEEKS + COLUMNS) * 8 / 1e6
    print(
        f"  peak memory {ours['peak']:.0f} MB, before the kernel {ours['before']:.0f} MB; "
        f"the data are {data:.0f} MB"
    )


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or [2_408, 100_000, 1_000_000]
    with tempfile.TemporaryDirectory() as folder:
        for persons in sizes:
            run(persons, Path(folder))


if __name__ == "__main__":
    main()
