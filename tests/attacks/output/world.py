"""A repository, a store and a machine with a canary in every input; and every command, run there.

`World.runs` holds what each command wrote to its streams and files. git is watched: what each
child got as arguments and variables is in `World.children`.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.acceptance.manifests import SHOP, manifest
from tests.acceptance.program import COMMAND, TIMEOUT, Shop, variables
from tests.attacks.output.canaries import CANARIES
from tests.repositories import Repository

STORED, SHARED = CANARIES["secret in the store"], CANARIES["shared value"]
OTHER = CANARIES["other shared value"]
REMOTE = f"https://ci:{CANARIES['remote password']}@127.0.0.1:9/shop.git"
STORE = "postgresql://u:{}@127.0.0.1:9/db".format(
    "".join(f"%{byte:02X}" for byte in CANARIES["store password"].encode())
)
MAIL = "smtps://u:{}@127.0.0.1:9".format(
    "".join(f"%{byte:02X}" for byte in CANARIES["mail password"].encode())
)

ENVIRON = {
    "GITHUB_TOKEN": CANARIES["github token"],
    "RECONCILER_FORGE_TOKEN": CANARIES["forge token"],
    "RECONCILER_GIT_TOKEN": CANARIES["git token"],
    "RECONCILER_KEY_DEVELOPMENT": CANARIES["sealing key"],
    "RECONCILER_SMTP_URL": MAIL,
    "SHOP_SIGNING_KEY": CANARIES["signing key"],
    "RECONCILER_KEY_STAGING": CANARIES["sealing key"],
    "PARTNER_TOKEN": SHARED,
    "OTHER_PASSWORD": OTHER,
}

SECRETS = """\
values: {api: https://api.example.com}
secrets:
  SLACK_SECRET: {from: store}
  SIGNING_KEY: {from: env, name: SHOP_SIGNING_KEY}
  FILED: {from: file, path: .reconciler/filed}
  PARTNER: {from: env, name: PARTNER_TOKEN}
appConfiguration:
  slack: {clientId: '4021', clientSecret: SLACK_SECRET}
notifications:
  - {on: [done, failed], to: ops@example.com}
"""
DEVELOPMENT = manifest("Environment", "development", SECRETS)
STAGING = manifest(
    "Environment", "staging", f"mode: release-only\npromotesFrom: development\n{SECRETS}"
)
USER = {
    "id": "u-1",
    "connections": [{"integration": "slack", "settings": {"channel": SHARED}}],
    "workflows": [{"name": "news", "enabled": True}],
}


def leaking(title: str, key: str = SHARED) -> str:
    """Return a workflow into which somebody wrote a secret, in a text and in lines of a code."""
    code = f"first\\nconst partner = '{SHARED}'\\n{title}\\nlast"
    spec = (
        f"title: {title} {SHARED}\n"
        "trigger: {type: manual}\n"
        "requires: {secrets: [SLACK_SECRET, SIGNING_KEY, FILED, PARTNER]}\n"
        f'steps: [{{name: a, type: function, with: {{code: "{code}", key: {key}}}}}]\n'
    )
    return manifest("Workflow", "leaking", spec)


@dataclass(kw_only=True)
class Told:
    """What one command wrote."""

    arguments: tuple[str, ...]
    code: int
    out: bytes
    err: bytes
    files: dict[str, bytes] = field(default_factory=dict)


class World:
    """The repository and what was run in it."""

    def __init__(self, folder: Path) -> None:
        """Make the repository; nothing is run yet."""
        self.folder = folder
        self.runs: list[Told] = []
        files = {**SHOP, ".gitignore": ".reconciler/\n"}
        files["environments/development/environment.yaml"] = DEVELOPMENT
        files["environments/staging/environment.yaml"] = STAGING
        self.shop = Shop(Repository(folder / "shop"))
        self.shop.repository.commit(files)
        self.shop.state.mkdir()
        (self.shop.state / "filed").write_text(CANARIES["secret in a file"], encoding="utf-8")
        self.children = folder / "children"
        self.children.mkdir()
        self._watch_git()

    def _watch_git(self) -> None:
        """Put a git before git that notes its arguments and variables."""
        real = shutil.which("git")
        note = f'{{ printf "%s\\n" "$@"; env; }} > $(mktemp {self.children}/XXXXXXXX)'
        script = f'#!/bin/sh\n{note}\nexec {real} "$@"\n'
        place = self.folder / "bin" / "git"
        place.parent.mkdir()
        place.write_text(script, encoding="utf-8")
        place.chmod(0o755)

    def run(self, *arguments: str, stdin: str = "", **environ: str) -> Told:
        """Run a command, and keep what it wrote."""
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        summary = self.folder / "summary.md"
        summary.write_bytes(b"")
        told = {"PATH": path, "GITHUB_STEP_SUMMARY": str(summary), **ENVIRON, **environ}
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.shop.root,
            env=variables(**told),
            input=stdin.encode(),
            capture_output=True,
            check=False,
            timeout=TIMEOUT,
        )
        out = self.folder / "out.json"
        files = {each.name: each.read_bytes() for each in (out, summary) if each.exists()}
        found = Told(
            arguments=arguments, code=done.returncode, out=done.stdout, err=done.stderr, files=files
        )
        out.unlink(missing_ok=True)
        self.runs.append(found)
        return found

    def cells(self) -> Iterator[tuple[str, str, bytes]]:
        """Yield table, column and bytes of all that is stored."""
        with closing(sqlite3.connect(self.shop.store)) as connection:
            connection.text_factory = bytes
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (raw,) in names.fetchall():
                table = raw.decode()
                rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name of ours
                columns = [each[0] for each in rows.description]
                for row in rows:
                    for column, cell in zip(columns, row, strict=True):
                        yield table, column, cell if isinstance(cell, bytes) else str(cell).encode()


class _Server(ThreadingHTTPServer):
    refuses_to_read = False


@contextmanager
def echoing() -> Iterator[_Server]:
    """Serve a platform that refuses everything, and says back in its error all that it was sent."""

    class Echo(BaseHTTPRequestHandler):
        """Answers with headers and body of the request."""

        def _refuse(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            told = f"refused: {self.requestline}\n{self.headers}\n{body.decode()}"
            known = [SHARED, CANARIES["platform password"], CANARIES["signing key"]]
            known += [] if self.command == "GET" else [STORED]
            for form in known:
                told += f" {form} {json.dumps(form)} {form.encode().hex()}"
            self._answer(403, {"error": told})

        def _answer(self, status: int, body: object) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            """Say that nothing runs there, or refuse to say it."""
            if server.refuses_to_read:
                self._refuse()
            elif self.path.endswith("/secrets"):
                self._answer(200, {})
            else:
                self._answer(200, {"items": [], "next": None, "total": 0, "revision": 0})

        do_PUT = do_POST = do_DELETE = do_PATCH = _refuse  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = _Server(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
