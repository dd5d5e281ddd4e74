"""Random draws for many rows at once."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def stream(seed: int, idea: str, part: int = 0) -> np.random.Generator:
    """A generator of its own for one idea, so that a change in one idea leaves the draws of the others alone."""
    return np.random.default_rng([seed, zlib.crc32(idea.encode()), part])


def cumulated(weights: npt.ArrayLike) -> Floats:
    """Weights of shape (rows, choices), each row with a positive sum, as running shares that end at 1."""
    table = np.cumsum(np.asarray(weights, dtype=np.float64), axis=1)
    table /= table[:, -1:]
    return table


def pick(table: Floats, rows: Ints, uniform: Floats) -> Ints:
    """For each row number one choice, by that row's shares.

    Args:
        table: from `cumulated`, shape (rows, choices).
        rows, uniform: shape (n,); uniform in [0, 1).
    Returns:
        Choice numbers, shape (n,).
    """
    height, width = table.shape
    # Row r lives between r and r + 1 on one line, so one binary search serves all rows.
    line = (table + np.arange(height)[:, None]).ravel()
    found = np.searchsorted(line, rows + uniform, side="right") - rows * width
    choice: Ints = np.clip(found, 0, width - 1)
    return choice


def stable_uniform(seed: int, who: Ints, what: Ints | int) -> Floats:
    """A uniform number that belongs to a pair for ever: a person's favourite in a category needs no table.

    Source: the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
    """
    with np.errstate(over="ignore"):
        x = np.asarray(who).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x = x + np.asarray(what).astype(np.uint64) * np.uint64(0xD1B54A32D192ED03)
        x = x + np.uint64(seed) * np.uint64(0x8CB92BA72F3D8DD7)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    return (x >> np.uint64(11)).astype(np.float64) / float(1 << 53)
