"""Arrays that a thread uses again, since fresh memory costs more than the sums done in it."""

import threading
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Scratch(threading.local):
    """Uninitialised arrays, one a name and shape, of the thread that asks.

    What an array holds is lost when the same thread asks for the name again.

    Examples
    --------
    >>> scratch = Scratch()
    >>> scratch.array("drawn", (2, 3)) is scratch.array("drawn", (2, 3))
    True
    """

    def __init__(self) -> None:
        self._kept: dict[str, NDArray[np.generic]] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: DTypeLike = float) -> NDArray[Any]:
        """The array of that name."""
        kept = self._kept.get(name)
        if kept is None or kept.shape != shape or kept.dtype != np.dtype(dtype):
            kept = self._kept[name] = np.empty(shape, dtype)
        return kept
