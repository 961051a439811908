"""Random numbers that stay where they are: one stream for each purpose.

Draws are uniform numbers turned into values by tables, comparisons and integer arithmetic,
so the same seed gives the same trial on every platform.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Streams:
    """Independent streams of one seed, each known by the name of its purpose.

    A new purpose leaves all others as they were.

    >>> streams = Streams(1)
    >>> bool((streams.uniform("age", 3) == streams.uniform("age", 3)).all())
    True
    """

    seed: int

    def uniform(self, purpose: str, size: int | tuple[int, ...], block: int = 0) -> Floats:
        """Uniform numbers in [0, 1) of shape ``size``."""
        key = (zlib.crc32(purpose.encode()), block)
        generator = np.random.Generator(
            np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=key))
        )
        return generator.random(size)


def pick(u: Floats, weights: Sequence[float]) -> Ints:
    """Index drawn with the given weights, from uniform ``u`` of any shape.

    >>> pick(np.array([0.0, 0.49, 0.5, 0.99]), [1, 1]).tolist()
    [0, 0, 1, 1]
    """
    edges = np.cumsum(np.asarray(weights, dtype=float))
    return np.searchsorted(edges[:-1] / edges[-1], u, side="right").astype(np.int64)


def spread(u: Floats, bins: Sequence[tuple[int, int, float]]) -> Ints:
    """Integer drawn from bins ``(low, high, weight)``, evenly over ``[low, high)``.

    >>> spread(np.array([0.0, 0.25, 0.5, 0.75]), [(0, 2, 1), (10, 12, 1)]).tolist()
    [0, 1, 10, 11]
    """
    edges = np.concatenate([[0.0], np.cumsum(np.asarray([b[2] for b in bins], dtype=float))])
    edges /= edges[-1]
    chosen = np.searchsorted(edges[1:-1], u, side="right")
    low = np.asarray([b[0] for b in bins])[chosen]
    width = np.asarray([b[1] for b in bins])[chosen] - low
    inside = (u - edges[chosen]) / (edges[chosen + 1] - edges[chosen])
    return (low + np.minimum((inside * width).astype(np.int64), width - 1)).astype(np.int64)


def part(u: Floats, number: int) -> Floats:
    """A fresh uniform number made of the later digits of ``u``; ``number`` 1 to 3."""
    scaled = u * float(1024**number)
    return scaled - np.floor(scaled)
