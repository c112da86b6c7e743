"""Writing a file in one step: whoever reads it sees the old text or the new one, and never half of one."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path


class WriteError(OSError):
    """A file that is left as it was, and why."""


def replace_file(path: str, before: bytes, after: bytes) -> None:
    """Replace what a file holds, through a temporary file beside it; its mode is kept, and a link stays a link.

    Raises `WriteError` where the file is read-only, where its folder is, or where somebody changed it meanwhile.
    """
    target = os.path.realpath(path)
    try:
        mode = os.stat(target).st_mode
        if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(target, os.W_OK):
            raise WriteError("it is read-only")
        if Path(target).read_bytes() != before:
            raise WriteError("it was changed while it was being fixed")
        handle, temporary = tempfile.mkstemp(prefix=f".{os.path.basename(target)}.", dir=os.path.dirname(target))
    except WriteError:
        raise
    except OSError as error:
        raise WriteError(error.strerror or type(error).__name__) from None
    try:
        with open(handle, "wb") as file:
            file.write(after)
        os.chmod(temporary, stat.S_IMODE(mode))
        os.replace(temporary, target)
    except OSError as error:
        with suppress(OSError):
            os.unlink(temporary)
        raise WriteError(error.strerror or type(error).__name__) from None
