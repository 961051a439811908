"""Work on many draws in blocks: on threads, with progress, and able to go on after a stop."""

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from jobeval.errors import DataError, Problem

Floats = NDArray[np.float64]
Task = Callable[[int, int], Floats]
Progress = Callable[[int, int, str], None]

BLOCK = 1024


def run_blocks(
    task: Task,
    total: int,
    *,
    digest: str = "",
    workers: int = 2,
    block: int = BLOCK,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
    text: str = "lotteries",
) -> Floats:
    """Run ``task`` over ``0 … total − 1`` in blocks and put the answers in order.

    Parameters
    ----------
    task
        Called with ``(start, stop)``; answers an array of shape ``(stop − start, w)`` that
        depends on nothing else. Linear algebra runs on one thread within it.
    digest
        Tells this work from any other; see ``digest_of``. Used with ``checkpoint`` only.
    workers, block
        Threads, and rows of a block.
    progress
        Called with ``(done, total, text)`` after each block.
    checkpoint
        Folder to which finished blocks are written, each whole or not at all. Blocks that
        it already holds are not computed again. It holds numbers of draws, not of persons.

    Returns
    -------
    Shape ``(total, w)``.

    Raises
    ------
    DataError
        When the folder holds blocks of other work.

    Examples
    --------
    >>> run_blocks(lambda a, b: np.arange(a, b, dtype=float)[:, None], 5, block=2).ravel().tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    if workers < 1 or block < 1:
        raise ValueError("workers and block must be at least 1")
    if checkpoint is not None:
        _open_checkpoint(checkpoint, digest)
    spans = [(start, min(start + block, total)) for start in range(0, total, block)]
    found: dict[int, Floats] = {}
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(workers) as pool:
        waiting = {pool.submit(_run_span, task, span, checkpoint): span for span in spans}
        try:
            _collect(waiting, found, total, progress, text)
        finally:
            pool.shutdown(cancel_futures=True)
    return np.concatenate([found[start] for start, _ in spans])


def _collect(
    waiting: dict[Future[Floats], tuple[int, int]],
    found: dict[int, Floats],
    total: int,
    progress: Progress | None,
    text: str,
) -> None:
    done = 0
    for future in as_completed(waiting):
        start, stop = waiting[future]
        found[start] = future.result()
        done += stop - start
        if progress is not None:
            progress(done, total, text)


def _run_span(task: Task, span: tuple[int, int], checkpoint: Path | None) -> Floats:
    if checkpoint is None:
        return task(*span)
    file = checkpoint / f"{span[0]:09d}-{span[1]:09d}.npy"
    if file.exists():
        return np.load(file, allow_pickle=False)
    values = task(*span)
    unfinished = file.with_suffix(".unfinished")
    with unfinished.open("wb") as stream:
        np.save(stream, values, allow_pickle=False)
    unfinished.replace(file)
    return values


def _open_checkpoint(folder: Path, digest: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / "digest.txt"
    if mark.exists() and mark.read_text("utf-8").strip() == digest:
        return
    if any(folder.iterdir()):
        rule = "holds something else than draws of these data, lottery, statistic and seed."
        mend = "Name another folder, or delete this one to start again."
        raise DataError("checkpoint", [Problem(f"folder {folder.name!r}", rule, mend)])
    mark.write_text(digest + "\n", "utf-8")


def digest_of(arrays: Iterable[NDArray[np.generic] | None], words: Iterable[object]) -> str:
    """SHA-256 of arrays (with their shapes) and words, in their order.

    >>> digest_of([np.zeros(2)], ["a"]) == digest_of([np.zeros(2)], ["b"])
    False
    """
    state = hashlib.sha256(repr(tuple(words)).encode())
    for array in arrays:
        if array is None:
            state.update(b"none")
            continue
        state.update(f"{array.dtype.str}{array.shape}".encode())
        state.update(np.ascontiguousarray(array).tobytes())
    return state.hexdigest()
