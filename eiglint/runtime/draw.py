"""Random signs, phases, orders and rotations, from generators of their own.

Seeds come in designs of four: among seeds 4m to 4m+3 every column is flipped at least once, any two of the first
fifteen columns that a program meets are flipped against each other at least once, and the product of all signs of one
matrix changes at least once. Independent coins would miss a given sign once in sixteen designs.
"""

from __future__ import annotations

import functools
import hashlib
import math
import random

import torch
from torch import Tensor

DESIGN = 4
_CODES: int = 2**DESIGN - 1


def number(*key: object) -> int:
    """Turn a key into a seed."""
    return int.from_bytes(hashlib.blake2b(repr(key).encode(), digest_size=7).digest(), "big")


def generator(*key: object) -> torch.Generator:
    """Make a generator that depends on the key alone and leaves every other random state as it is."""
    return torch.Generator(device="cpu").manual_seed(number(*key))


def phases(key: tuple[object, ...], shape: tuple[int, ...]) -> Tensor:
    """Draw points of the unit circle, complex128."""
    angles = _uniform(key, shape) * (2 * math.pi)
    return torch.polar(torch.ones_like(angles), angles)


def signs(seed: int, start: int, rows: int, columns: int) -> Tensor:
    """Give each column the bit that its code word has at this seed; `start` counts the columns met before."""
    design, position = divmod(seed, DESIGN)
    values = []
    for row in range(rows):
        codes = [_code(design, start + row * columns + column) for column in range(columns)]
        if codes and not _product(codes):
            unused = sorted(set(range(1, _CODES + 1)) - set(codes)) or [codes[-1] % _CODES + 1]
            codes[-1] = unused[0]
        values.append([-1.0 if code >> position & 1 else 1.0 for code in codes])
    return torch.tensor(values, dtype=torch.float64, device="cpu").reshape(rows, columns)


def _code(design: int, column: int) -> int:
    cycle, place = divmod(column, _CODES)
    return _words(design, cycle)[place]


@functools.lru_cache(maxsize=1024)
def _words(design: int, cycle: int) -> list[int]:
    return random.Random(number("code", design, cycle)).sample(range(1, _CODES + 1), _CODES)


def _product(codes: list[int]) -> int:
    total = 0
    for code in codes:
        total ^= code
    return total


def orders(seed: int, key: tuple[object, ...], rows: int, columns: int) -> Tensor:
    """Draw permutations other than the identity; a design of four holds odd and even ones.

    The first of the four moves every place.
    """
    return torch.tensor(
        [_order(random.Random(number(key, row)), columns, seed % DESIGN) for row in range(rows)],
        dtype=torch.int64,
        device="cpu",
    ).reshape(rows, columns)


def _order(coin: random.Random, columns: int, position: int) -> list[int]:
    places = list(range(columns))
    if columns < 2:
        return places
    if position < 2:
        for last in range(columns - 1, 0, -1):  # Sattolo's algorithm: one cycle through all places
            other = coin.randrange(last)
            places[last], places[other] = places[other], places[last]
        if position == 1 and columns > 2:
            places[0], places[1] = places[1], places[0]
        return places
    while places == sorted(places):
        coin.shuffle(places)
    return places


def haar(key: tuple[object, ...], size: int, dtype: torch.dtype, rows: tuple[int, ...] = ()) -> Tensor:
    """Draw orthogonal or unitary matrices by Haar measure (Mezzadri 2007: QR with the phases of R's diagonal)."""
    wide = torch.complex128 if dtype.is_complex else torch.float64
    noise = torch.randn((*rows, size, size), generator=generator(*key), dtype=wide, device="cpu")
    q, r = torch.linalg.qr(noise)
    turned: Tensor = q * r.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)
    return turned


def jitter(key: tuple[object, ...], shape: tuple[int, ...]) -> Tensor:
    """Draw numbers in [-1, 1]."""
    return _uniform(key, shape) * 2 - 1


def _uniform(key: tuple[object, ...], shape: tuple[int, ...]) -> Tensor:
    # Python's generator, because vmap refuses torch's random functions, also those with a generator of their own.
    coin = random.Random(number(*key))
    drawn = [coin.random() for _ in range(math.prod(shape))]
    return torch.tensor(drawn, dtype=torch.float64, device="cpu").reshape(shape)
