"""An editor's client: a language server that runs flake8, asked over its own protocol."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .processes import Found


def diagnostics(folder: Path, texts: dict[str, str]) -> dict[str, list[Found]]:
    """Open texts in pylsp with flake8 switched on; return what it publishes for each."""
    scripts = str(Path(sys.executable).parent)
    server = subprocess.Popen(
        [sys.executable, "-m", "pylsp"],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}"},
    )
    try:
        _send(server, "initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}}, number=1)
        while _receive(server).get("id") != 1:
            pass
        off = ("pycodestyle", "pyflakes", "mccabe", "pylint", "pydocstyle", "autopep8", "yapf", "jedi_completion")
        plugins: dict[str, object] = {name: {"enabled": False} for name in off}
        plugins["flake8"] = {"enabled": True, "executable": str(Path(scripts) / "flake8"), "select": ["EIG"]}
        _send(server, "initialized", {})
        _send(server, "workspace/didChangeConfiguration", {"settings": {"pylsp": {"plugins": plugins}}})
        shown: dict[str, list[Found]] = {}
        for name, text in texts.items():
            document = {"uri": (folder / name).as_uri(), "languageId": "python", "version": 1, "text": text}
            _send(server, "textDocument/didOpen", {"textDocument": document})
            shown[name] = _published(server, name)
        return shown
    finally:
        server.kill()
        server.wait()


def _published(server: subprocess.Popen[bytes], name: str) -> list[Found]:
    while True:
        message = _receive(server)
        if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"].endswith(name):
            listed = message["params"]["diagnostics"]
            return sorted(
                Found(
                    name,
                    one["range"]["start"]["line"] + 1,
                    one["range"]["start"]["character"] + 1,
                    one["code"],
                    one["message"],
                )
                for one in listed
            )


def _send(server: subprocess.Popen[bytes], method: str, parameters: object, number: int | None = None) -> None:
    content: dict[str, object] = {"jsonrpc": "2.0", "method": method, "params": parameters}
    body = json.dumps(content if number is None else {**content, "id": number}).encode()
    assert server.stdin is not None
    server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    server.stdin.flush()


def _receive(server: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert server.stdout is not None
    length = 0
    while line := server.stdout.readline().strip():
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    if not length:
        raise EOFError("the language server ended")
    message: dict[str, Any] = json.loads(server.stdout.read(length))
    return message
