"""`eiglint` and `python -m eiglint`: answer `--version` at once, hand everything else to the command line."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line."""
    # Importing makes many objects and no garbage; looking for some would take a twentieth of a short run.
    gc.disable()
    if sys.argv[1:] == ["--version"]:
        from eiglint.version import __version__

        sys.stdout.write(f"eiglint {__version__}\n")
        return
    from eiglint.cli import run

    gc.freeze()
    gc.enable()
    run()


if __name__ == "__main__":
    main()
