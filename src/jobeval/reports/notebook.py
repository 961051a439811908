"""Run the report notebooks and render what their cells leave behind.

A notebook has one cell tagged ``parameters``; it is replaced, nothing else is touched. The
JSON blocks of the outputs, in order, are the report.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from jobeval import errors
from jobeval.errors import JobevalError
from jobeval.reports.blocks import MIME, chapter_from_dict
from jobeval.reports.report import Report
from jobeval.reports.writing import FORMATS, Format, write_report

if TYPE_CHECKING:
    from nbclient.exceptions import CellExecutionError

PARAMETERS_TAG = "parameters"
TIMEOUT_SECONDS = 600


class NotebookError(JobevalError):
    """A notebook could not be run, or said something on stderr."""


def run_notebook(notebook: str | Path, parameters: Mapping[str, Any]) -> Report:
    """Run one notebook top to bottom with these parameters; its blocks are the report.

    Raises
    ------
    NotebookError
        A cell failed or wrote to stderr; the message names the cell, not the data.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from traitlets.config import Config

    node = nbformat.read(str(notebook), as_version=4)
    _inject(node, parameters)
    with TemporaryDirectory() as sockets:
        # Sockets of the file system: nothing listens on a port, and none is left lying about.
        connection = {"transport": "ipc", "ip": f"{sockets}/kernel"}
        client = NotebookClient(
            node,
            kernel_name="python3",
            config=Config({"ConnectionFileMixin": connection}),
            timeout=TIMEOUT_SECONDS,
            record_timing=False,
        )
        try:
            client.execute()
        except CellExecutionError as error:
            raise NotebookError(f"{Path(notebook).name}: {_describe(error)}") from None
    return Report(tuple(chapter_from_dict(item) for item in _chapters(node, Path(notebook).name)))


def render_notebooks(
    notebooks: str | Path,
    trial: str | Path,
    out: str | Path,
    *,
    looks: Sequence[str] = ("midterm", "final"),
    languages: Sequence[str] = ("da", "en"),
    formats: Sequence[Format] = FORMATS,
    arms: Sequence[str | None] = (None,),
) -> tuple[Path, ...]:
    """Run ``<look>_report.ipynb`` of a folder for each look, arm and language.

    ``arms`` names the treatment arms to tell of, where the plan has several.
    """
    written: list[Path] = []
    folder = os.path.abspath(trial)  # noqa: PTH100
    for look, arm, language in product(looks, arms, languages):
        parameters = {"TRIAL": folder, "LANGUAGE": language, "ARM": arm, "OUT": None}
        report = run_notebook(Path(notebooks) / f"{look}_report.ipynb", parameters)
        written += write_report(report, Path(out), formats)
    return tuple(written)


def render_supplier_notebook(
    notebooks: str | Path,
    monitoring: str | Path,
    out: str | Path,
    *,
    languages: Sequence[str] = ("da", "en"),
    formats: Sequence[Format] = FORMATS,
    as_of: dt.date | None = None,
) -> tuple[Path, ...]:
    """Run ``supplier_report.ipynb`` of a folder for each language.

    ``as_of`` is the last day that is seen, by default the plan's.
    """
    written: list[Path] = []
    folder = os.path.abspath(monitoring)  # noqa: PTH100
    day = None if as_of is None else as_of.isoformat()
    for language in languages:
        parameters = {"MONITOR": folder, "LANGUAGE": language, "AS_OF": day, "OUT": None}
        report = run_notebook(Path(notebooks) / "supplier_report.ipynb", parameters)
        written += write_report(report, Path(out), formats)
    return tuple(written)


def _describe(error: CellExecutionError) -> str:
    """The message of an exception of ours; of any other only its name, it may quote a value."""
    ours = error.ename in {*errors.__dict__}
    return f"{error.ename}: {error.evalue}" if ours else str(error.ename)


def _inject(node: Any, parameters: Mapping[str, Any]) -> None:
    """Replace the one cell of parameters by plain assignments."""
    cells = [c for c in node.cells if PARAMETERS_TAG in c.metadata.get("tags", [])]
    if len(cells) != 1:
        raise NotebookError(f'a report notebook has one cell tagged "parameters", not {len(cells)}')
    cells[0].source = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())


def _chapters(node: Any, name: str) -> Iterator[Mapping[str, Any]]:
    """The JSON blocks that the cells left, in order."""
    for position, cell in enumerate(node.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                raise NotebookError(f"{name}: cell {position + 1} wrote to stderr")
            block = output.get("data", {}).get(MIME)
            if block is not None:
                yield block
