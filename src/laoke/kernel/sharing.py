"""Splitting a whole into parts that sum to it exactly."""

from __future__ import annotations

from collections.abc import Sequence


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` by `weights`; the parts sum to it exactly (largest remainder, ties to the first).

    Args:
        total: what is split, minor units or points; may be negative.
        weights: one weight a part, none negative. When all are zero the parts are zero unless `total` is not.
    Returns:
        One int a weight, in the same order.
    Raises:
        ValueError: a negative weight, or something to share and nobody to share it.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("Weights cannot be negative")
    whole = sum(weights)
    if not whole:
        if total:
            raise ValueError(f"{total} cannot be shared out: every weight is zero")
        return [0] * len(weights)
    if total < 0:
        return [-part for part in share_out(-total, weights)]
    parts = [total * weight // whole for weight in weights]
    missing = total - sum(parts)
    if missing:
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
        for i in by_remainder[:missing]:
            parts[i] += 1
    return parts


def share_so_far(whole: int, done: int, total: int) -> int:
    """The part of `whole` that belongs to `done` out of `total`, rounded half up.

    For things given back in steps: each step takes the difference to the step before, so after the last one
    exactly `whole` has gone, whatever the rounding of the steps between.
    """
    if done >= total:
        return whole
    return (2 * whole * done + total) // (2 * total)
