"""Between bytes and text: the encoding that a file claims."""

from __future__ import annotations

import io
import tokenize
from typing import NamedTuple


def decode(source: bytes) -> str:
    """Decode a file as its cookie says; what cannot be decoded is replaced, since this text is only for showing."""
    return source.decode(_encoding(source), errors="replace")


def encode(text: str) -> bytes:
    """Encode text so that it decodes to the same by its own cookie."""
    plain = text.encode("utf-8", errors="surrogatepass")
    try:
        return text.encode(_encoding(plain))
    except UnicodeEncodeError:
        return plain


def _encoding(source: bytes) -> str:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    except SyntaxError:
        return "utf-8"
    return encoding


class Text(NamedTuple):
    """The text of a file, and the encoding that it is written in."""

    content: str
    encoding: str

    def encoded(self, content: str) -> bytes:
        """Return another text in the same encoding, with the same mark of the byte order."""
        return content.encode(self.encoding)


def read_text(source: bytes) -> Text | None:
    """Decode a file exactly; None where some of its bytes are not of its encoding."""
    encoding = _encoding(source)
    try:
        text = Text(source.decode(encoding), encoding)
        return text if text.encoded(text.content) == source else None
    except UnicodeError:
        return None
