"""Files written whole or not at all, and a manifest that comes last."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from jobeval.reports.report import Report

Format = Literal["html", "pdf"]
FORMATS: tuple[Format, ...] = ("html", "pdf")
LIBRARIES = ("jobeval", "matplotlib", "typst", "jinja2", "fonttools", "numpy", "pandas")
MANIFEST = "manifest.json"


def write_report(
    report: Report, folder: Path, formats: Sequence[Format] = FORMATS
) -> tuple[Path, ...]:
    """Render a report and write it, then the manifest of the folder.

    Returns
    -------
    tuple of Path
        The report files, named ``trial_look_language``, or ``trial_look_arm_language``.
    """
    from jobeval.reports.html import render_html
    from jobeval.reports.pdf import render_pdf

    renderers = {"html": render_html, "pdf": render_pdf}
    files = {folder / f"{report.file_stem}.{name}": renderers[name](report) for name in formats}
    write_files(files)
    write_manifest(folder, files)
    return tuple(files)


def write_files(files: Mapping[Path, bytes]) -> None:
    """Write files, each through a temporary file in its own folder.

    A killed run leaves the earlier file whole, and never half a file.
    """
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def write_manifest(folder: Path, files: Mapping[Path, bytes]) -> None:
    """Add files to the folder's manifest: their sha256, and the versions that made them."""
    path = folder / MANIFEST
    known = json.loads(path.read_text(encoding="utf-8"))["files"] if path.exists() else {}
    known = {name: digest for name, digest in known.items() if (folder / name).exists()}
    known.update({file.name: hashlib.sha256(data).hexdigest() for file, data in files.items()})
    manifest = {
        "files": dict(sorted(known.items())),
        "versions": {name: version(name) for name in LIBRARIES},
    }
    write_files({path: f"{json.dumps(manifest, indent=1)}\n".encode()})
