"""Files of a synthetic delivery: CSV in the plan's dialect, checksums, and whose folder it is."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd


def csv_text(frame: pd.DataFrame, spec: Any) -> str:
    """A frame as CSV in the dialect of a file of the plan (``InputFile``)."""
    return frame.rename(columns=spec.columns).to_csv(
        index=False,
        sep=spec.separator,
        decimal=spec.decimal,
        date_format=spec.date_format,
        lineterminator="\n",
    )


def write_folder(folder: str | Path, texts: Mapping[str, str], *, plan: str, mark: str) -> Path:
    """Write the files and their ``SHA256SUMS``; the folder is made when it is not there.

    Raises
    ------
    FileExistsError
        The folder holds a plan and no ``mark``, so that it is somebody's delivery.
    """
    folder = Path(folder)
    if (folder / plan).exists() and not (folder / mark).exists():
        raise FileExistsError(f"{folder} holds data that are not synthetic; name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    sums: list[str] = []
    for name, text in sorted(texts.items()):
        data = text.encode("utf-8")
        (folder / name).write_bytes(data)
        sums.append(f"{hashlib.sha256(data).hexdigest()}  {name}\n")
    (folder / "SHA256SUMS").write_bytes("".join(sums).encode())
    return folder
