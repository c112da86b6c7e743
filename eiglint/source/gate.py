"""The gate: does a file name a decomposition at all? Bytes are searched before anything is parsed.

Words are matched whole, because "weight" and "neighbor" both contain "eigh". Nearly every file of a tree stops here, so
the words stand in this file rather than being read from the models; a test holds the two against each other. They are
those of the libraries that differentiate: a file in which only SciPy's own words stand has no gradient to judge. The
`features` profile, which judges it all the same, asks the models for the others.
"""

from __future__ import annotations

import re
from functools import lru_cache

RAW = ("BatchSelfAdjointEigV2", "BatchSvd", "Eig", "Qr", "SelfAdjointEigV2", "Svd")
"""Operations of `tensorflow.raw_ops`, looked for only where that is named."""
DECOMPOSITIONS = (
    *RAW,
    "eig",
    "eigh",
    "eigh_isolated",
    "eigvals",
    "eigvalsh",
    "lobpcg",
    "pca_lowrank",
    "qr",
    "self_adjoint_eig",
    "self_adjoint_eigvals",
    "svd",
    "svd_lowrank",
    "svdvals",
    "symeig",
)
UNDERIVED = ("funm", "geqrf", "hessenberg", "schur", "tridiagonal")
"""Factorisations that nothing follows, looked for because their libraries cannot differentiate them."""
WORDS = (*DECOMPOSITIONS, *UNDERIVED, "reveal_gauge")


def names_decomposition(source: bytes, words: tuple[str, ...] = WORDS) -> bool:
    """Say whether one of the words occurs in the source as something that may be called or imported."""
    found = any(stem in source and pattern.search(source) for stem, pattern in _patterns(words))
    return found and _use(words).search(source) is not None


@lru_cache(maxsize=8)
def words_with(models: tuple[str, ...], features: bool = False) -> tuple[str, ...]:
    """Return the words, with those of a project's own models; for `features`, those of every library."""
    if not models and not features:
        return WORDS
    from eiglint.models import every_word, words

    more = (*words(models), *(every_word() if features else ()))
    return (*WORDS, *sorted(set(more) - set(WORDS)))


@lru_cache(maxsize=8)
def _use(words: tuple[str, ...]) -> re.Pattern[bytes]:
    """Match a word where it is called, read off a module, imported or quoted, and not a variable's name alone.

    It is searched only where a word was found, so it may be slow: `svd = TruncatedSVD(k)` calls no decomposition.
    """
    word = "(?:" + "|".join(map(re.escape, words)) + r")\b"
    read = rf"\.\s*{word}"
    called = rf"\b{word}\s*\("
    imported = rf"\bimport\b[^\n]*\b{word}|^[ \t]*{word}[ \t]*(?:,|\)|as\b|#|\r?$)"
    quoted = rf"[\"']{word}[\"']"
    return re.compile(f"{read}|{called}|{imported}|{quoted}".encode(), re.MULTILINE)


@lru_cache(maxsize=8)
def _patterns(words: tuple[str, ...]) -> tuple[tuple[bytes, re.Pattern[bytes]], ...]:
    """Compile one pattern a stem: a literal first, so that the search skips through the text at memchr's speed."""
    plain = [word for word in words if word not in RAW]
    stems = [word for word in plain if not any(word != other and _shows(word, other) for other in plain)]
    raw = re.compile(rf"\b(?:{'|'.join(RAW)})\b".encode())
    return (*((stem.encode(), _pattern(stem, words)) for stem in stems), (b"raw_ops", raw))


def _shows(word: str, stem: str) -> bool:
    """Say whether the search for a stem finds a longer word too."""
    return word.startswith(stem) or f"_{stem}" in word


def _pattern(stem: str, words: tuple[str, ...]) -> re.Pattern[bytes]:
    """Match the words that begin with the stem, whole; an underscore may stand before, as in `self_adjoint_eig`.

    The look-behind stands after the literal on purpose.
    """
    endings = "|".join(re.escape(word[len(stem) :]) for word in words if word.startswith(stem) and word != stem)
    tail = f"(?:{endings})" + ("?" if stem in words else "") if endings else ""
    return re.compile(rf"{re.escape(stem)}(?<![^\W_]{re.escape(stem)}){tail}(?!\w)".encode())
