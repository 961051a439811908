"""Write a synthetic trial as the folder that a real delivery would be."""

import json
from pathlib import Path

from jobeval.synthetic.folder import csv_text, write_folder
from jobeval.synthetic.jobfirst import SEED, SyntheticTrial
from jobeval.synthetic.summary import summarise_truth

_README = """# A synthetic JobFirst trial
**Every person in this folder is invented.** No register was read to make it. The design follows
what is published about the Danish JobFirst trial, and the effects published there are planted;
rates in the control group are invented. Only the first job centre has the name of a real one,
because three indicators were published for it; nothing else here tells anything about it.

Made by

    {command}

with random numbers of NumPy's PCG64, so the command makes the same bytes on every platform.
{choice}
| file | what it holds |
| --- | --- |
| `trial.toml` | the plan: lottery, looks, endpoints, analyses, and the dialect of the files |
| `persons.csv` | {persons} persons in {sites} job centres: arm, day of the lottery, background |
| `dream.csv` | DREAM wide: a benefit code a week from 2013 to March 2019, industry by month |
| `hours.csv` | BFL: paid hours by job and month; 1 = supported, 1 = imputed in the two codes |
| `activities.csv` | activities of the job centres, as spells (`end` is the day after the last) |
| `truth.json` | what was planted: parameters, and the true effect on every endpoint |
| `SHA256SUMS` | checksums; `sha256sum -c SHA256SUMS` |

The files are as a Danish delivery: semicolon, decimal comma, dates as 31-12-2017, UTF-8.
They have the flaws of real ones: hours that are imputed, several jobs a month, hours beside a
benefit, supported jobs, sickness and holiday codes, deaths and emigration, people who were
drawn and never started, a few in the control group who got the effort all the same, and a
last month in which a good part of the hours has not arrived yet.
"""
_CHOICE = """
The seed was chosen among 1 to 8,999: its draw gives the three indicators published for one job
centre (82 % with a snusepraktik, 27 % with hours in the course, 40 % after 13 weeks), sample
effects near the planted ones, and estimates of ordinary luck: the true effects on all endpoints
with a window, overall and by benefit type, lie in their 95 % intervals. So this one trial says
nothing about how often intervals cover; `jobeval.synthetic.jobfirst.redraw_lottery` draws the
others for that.
"""


def write_trial(trial: SyntheticTrial, folder: str | Path) -> Path:
    """Write plan, registers, truth, readme and checksums; return the folder.

    The folder is made when it is not there. Files of an earlier synthetic trial are replaced;
    a trial folder that holds no ``truth.json`` is somebody's delivery and is left alone.

    Raises
    ------
    FileExistsError
        The folder holds a ``trial.toml`` that is not of a synthetic trial.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from jobeval.synthetic.jobfirst import simulate_jobfirst
    >>> with TemporaryDirectory() as folder:
    ...     written = write_trial(simulate_jobfirst(n_persons=200, n_sites=2, seed=1), folder)
    ...     sorted(path.name for path in written.iterdir())[:3]
    ['README.md', 'SHA256SUMS', 'activities.csv']
    """
    texts = {
        "trial.toml": trial.plan_text,
        "truth.json": json.dumps(summarise_truth(trial), indent=2, ensure_ascii=False) + "\n",
        "README.md": _readme(trial),
    }
    delivery = trial.plan.files
    if delivery is None:
        raise ValueError("the plan names no files to write")
    for name in ("persons", "benefits", "hours", "activities"):
        spec = getattr(delivery, name)
        texts[spec.path] = csv_text(getattr(trial, name), spec)
    return write_folder(folder, texts, plan="trial.toml", mark="truth.json")


def _readme(trial: SyntheticTrial) -> str:
    n, sites = len(trial.persons), trial.lives.people.n_sites
    command = "jobeval simulate jobfirst --out FOLDER"
    options = (("persons", n, 2408), ("sites", sites, 15), ("seed", trial.seed, SEED))
    command += "".join(f" --{name} {value}" for name, value, usual in options if value != usual)
    standard = (n, sites, trial.seed) == (2408, 15, SEED)
    return _README.format(
        command=command, choice=_CHOICE if standard else "", persons=f"{n:,}", sites=sites
    )
