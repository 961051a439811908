"""The ``jobeval`` command: thin, quick to start, progress on stderr."""

from __future__ import annotations

import datetime as dt
import json
import sys
import traceback
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobeval.errors import DisclosureError, JobevalError

if TYPE_CHECKING:
    from jobeval.evaluation.evaluate import Progress

EXIT_BAD_INPUT = 2
EXIT_DISCLOSURE = 4
EXIT_INTERNAL = 5

app = typer.Typer(
    help="Evaluate randomised labour-market trials, as the lottery drew.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
simulate_app = typer.Typer(help="Draw a synthetic trial from a known truth.", no_args_is_help=True)
app.add_typer(simulate_app, name="simulate")


class LookChoice(StrEnum):
    midterm = "midterm"
    final = "final"
    all = "all"


class OneLook(StrEnum):
    midterm = "midterm"
    final = "final"


class LanguageChoice(StrEnum):
    da = "da"
    en = "en"
    all = "all"


class FormatChoice(StrEnum):
    html = "html"
    pdf = "pdf"
    all = "all"


ArmName = Annotated[
    str | None, typer.Option(help="Treatment arm to compare, where the plan has several.")
]
Folder = Annotated[Path, typer.Argument(help="Trial folder with trial.toml.", metavar="FOLDER")]


@simulate_app.command("jobfirst")
def simulate_jobfirst(
    out: Annotated[Path, typer.Option(help="Folder to write; made when it is not there.")],
    persons: Annotated[int, typer.Option(min=1, help="Persons drawn.")] = 2408,
    sites: Annotated[int, typer.Option(min=1, help="Job centres.")] = 15,
    seed: Annotated[
        int | None, typer.Option(help="Seed; the committed trial's unless told.")
    ] = None,
) -> None:
    """Draw a JobFirst-like trial: registers as delivered, its plan and its planted truth."""
    from jobeval.synthetic.jobfirst import SEED
    from jobeval.synthetic.jobfirst import simulate_jobfirst as simulate
    from jobeval.synthetic.write import write_trial

    drawn = simulate(n_persons=persons, n_sites=sites, seed=SEED if seed is None else seed)
    write_trial(drawn, out)
    _say(f"{persons} persons in {sites} job centres written to {out}")


@simulate_app.command("holbaek")
def simulate_holbaek(
    out: Annotated[Path, typer.Option(help="Folder to write; made when it is not there.")],
) -> None:
    """Make the monitoring of two invented suppliers in Holbæk: its plan and its delivery."""
    from jobeval.synthetic.holbaek import simulate_holbaek as simulate
    from jobeval.synthetic.holbaek_write import write_monitoring

    made = simulate()
    write_monitoring(made, out)
    _say(f"{len(made.participants)} courses written to {out}")


@app.command()
def check(folder: Folder) -> None:
    """Read the plan and the delivery, and say everything that is wrong with them."""
    from jobeval.registers.trial import read_trial

    trial = read_trial(folder)
    for finding in trial.findings:
        typer.echo(str(finding))
    typer.echo(repr(trial))
    typer.echo(f"{len(trial.findings)} warnings, no errors.")


@app.command()
def evaluate(
    folder: Folder,
    look: Annotated[OneLook, typer.Option(help="Which look of the plan.")],
    out: Annotated[Path, typer.Option(help="JSON file; the effects also go to .csv beside it.")],
    unreleased: Annotated[
        bool, typer.Option("--unreleased", help="Raw numbers that may not leave the building.")
    ] = False,
    arm: ArmName = None,
) -> None:
    """Carry out the plan and write its results, released unless told otherwise."""
    from jobeval.disclosure.gate import release
    from jobeval.reports.writing import write_files

    results: Any = _evaluate(folder, look.value, arm)
    if not unreleased:
        results = release(results)
    written = json.dumps(results.to_dict(), ensure_ascii=False, indent=1, allow_nan=False)
    table = results.effects.to_frame().to_csv(index=False, lineterminator="\n")
    write_files({out: f"{written}\n".encode(), out.with_suffix(".csv"): table.encode()})
    kind = "raw results, not for release," if unreleased else "released results"
    _say(f"{kind} written to {out} and {out.with_suffix('.csv').name}")


@app.command()
def report(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="Folder for the reports.")],
    look: Annotated[LookChoice, typer.Option(help="Which look of the plan.")] = LookChoice.all,
    language: Annotated[
        LanguageChoice, typer.Option(help="Danish or English.")
    ] = LanguageChoice.all,
    format: Annotated[FormatChoice, typer.Option(help="HTML or PDF.")] = FormatChoice.all,
    notebooks: Annotated[
        Path | None, typer.Option(help="Folder of report notebooks to run instead of the recipe.")
    ] = None,
    arm: ArmName = None,
) -> None:
    """Render the report of a look, in Danish or English, as HTML or PDF.

    Where the plan has several treatment arms, each has a report of its own.
    """
    from jobeval.plan.read import read_plan

    plan = read_plan(folder)
    arms = _arms(plan, arm)
    looks = tuple(plan.looks) if look is LookChoice.all else (look.value,)
    languages, formats = _languages(language), _formats(format)
    if notebooks is None:
        written = _render_recipes(folder, list(product(looks, arms)), languages, out, formats)
    else:
        from jobeval.reports.notebook import render_notebooks

        written = render_notebooks(
            notebooks, folder, out, looks=looks, languages=languages, formats=formats, arms=arms
        )
    for path in written:
        _say(str(path))


@app.command()
def monitor(
    folder: Annotated[
        Path, typer.Argument(help="Monitoring folder with monitor.toml.", metavar="FOLDER")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the report and its tables.")],
    as_of: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last day seen; the plan's cut-off unless told."),
    ] = None,
    language: Annotated[
        LanguageChoice, typer.Option(help="Danish or English.")
    ] = LanguageChoice.all,
    format: Annotated[FormatChoice, typer.Option(help="HTML or PDF.")] = FormatChoice.all,
    notebooks: Annotated[
        Path | None, typer.Option(help="Folder of the report notebook to run, not the recipe.")
    ] = None,
) -> None:
    """Follow suppliers: a report as HTML or PDF, its tables as CSV and JSON.

    There is no control group: nothing in it is an effect.
    """
    from jobeval.disclosure.monitoring import release_monitor
    from jobeval.monitoring.monitor import read_monitor
    from jobeval.reports.supplier.files import write_released

    day = None if as_of is None else _seen_day(folder, as_of.date())
    released = release_monitor(read_monitor(folder, as_of=day))
    languages, formats = _languages(language), _formats(format)
    if notebooks is None:
        written = _render_suppliers(released, languages, out, formats)
    else:
        from jobeval.reports.notebook import render_supplier_notebook

        written = render_supplier_notebook(
            notebooks, folder, out, languages=languages, formats=formats, as_of=day
        )
    for path in (*written, *write_released(released, out)):
        _say(str(path))


def _seen_day(folder: Path, day: dt.date) -> dt.date:
    """The day if the plan sees it, else a usage error."""
    from jobeval.monitoring.plan import read_monitor_plan

    plan = read_monitor_plan(folder)
    if not plan.begins <= day <= plan.cut_off:
        raise typer.BadParameter(
            f"must lie from {plan.begins} to {plan.cut_off}", param_hint="--as-of"
        )
    return day


def _render_suppliers(
    released: Any, languages: Sequence[Any], out: Path, formats: Any
) -> Iterator[Path]:
    from jobeval.reports.supplier.builder import build_supplier_report
    from jobeval.reports.writing import write_report

    for language in languages:
        yield from write_report(build_supplier_report(released, language), out, formats)


def _languages(choice: LanguageChoice) -> tuple[str, ...]:
    return ("da", "en") if choice is LanguageChoice.all else (choice.value,)


def _formats(choice: FormatChoice) -> Any:
    return ("html", "pdf") if choice is FormatChoice.all else (choice.value,)


def _arms(plan: Any, arm: str | None) -> tuple[str | None, ...]:
    """The arm named, or every treatment arm; ``None`` stands for the only one."""
    if arm is None and len(plan.treatments) > 1:
        return tuple(treatment.name for treatment in plan.treatments)
    plan.compare(arm)  # says what is wrong with the name
    return (arm,)


def _render_recipes(
    folder: Path,
    told: Sequence[tuple[Any, str | None]],
    languages: Sequence[Any],
    out: Path,
    formats: Any,
) -> Iterator[Path]:
    """Reports of looks and arms."""
    from jobeval.disclosure.gate import release
    from jobeval.registers.trial import read_trial
    from jobeval.reports.builder import build_report
    from jobeval.reports.writing import write_report

    trial = read_trial(folder)
    for look, arm in told:
        released = release(_carry_out(trial, look, arm))
        for language in languages:
            yield from write_report(build_report(released, language), out, formats)


def _evaluate(folder: Path, look: str, arm: str | None) -> Any:
    from jobeval.registers.trial import read_trial

    return _carry_out(read_trial(folder), look, arm)


def _carry_out(trial: Any, look: Any, arm: str | None) -> Any:
    from jobeval.evaluation.evaluate import evaluate as carry_out

    with _progress() as progress:
        return carry_out(trial, look, arm=arm, progress=progress)


@contextmanager
def _progress() -> Generator[Progress | None]:
    """A bar on stderr, or nothing when that is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting")
        yield lambda done, total, name: bar.update(
            task, completed=done, total=total, description=name
        )


def _say(text: str) -> None:
    typer.echo(text, err=True)


def main() -> None:
    """Run the command; exit codes 0 done, 2 bad input, 4 disclosure refused, 5 internal."""
    try:
        app()
    except DisclosureError as error:
        _say(f"jobeval: {error}")
        sys.exit(EXIT_DISCLOSURE)
    except (JobevalError, OSError) as error:
        _say(f"jobeval: {error}")
        sys.exit(EXIT_BAD_INPUT)
    except Exception as error:
        # A traceback shows code, never values; the message of a foreign error may hold one.
        frames = "".join(traceback.format_tb(error.__traceback__))
        _say(f"{frames}jobeval: internal error ({type(error).__name__})")
        sys.exit(EXIT_INTERNAL)
