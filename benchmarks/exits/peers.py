"""R on the same trial: the time that R itself needs, without starting it or reading."""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .trial import Trial

SCRIPT = Path(__file__).with_name("peers.R")


@dataclass(frozen=True)
class InR:
    """One of the tasks of ``peers.R``, on a trial, ``repeats`` times in a loop."""

    task: str
    trial: Trial
    repeats: int = 1

    def seconds(self) -> tuple[float | None, str]:
        """``user + sys`` of R's ``proc.time``, the best of a few rounds."""
        if shutil.which("Rscript") is None:
            return None, "R is not installed"
        with tempfile.TemporaryDirectory() as folder:
            _store(self.trial, Path(folder))
            arguments = [self.task, folder, len(self.trial.week), self.repeats]
            answer = subprocess.run(
                ["Rscript", str(SCRIPT), *map(str, arguments)],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
        if answer.returncode:
            return None, answer.stderr.strip().splitlines()[-1]
        return float(answer.stdout.split()[-1]), ""


def _store(trial: Trial, folder: Path) -> None:
    for name in ("week", "cause", "arm", "site", "office"):
        getattr(trial, name).astype(np.int32).tofile(folder / name)
    trial.x.ravel(order="F").tofile(folder / "x")
