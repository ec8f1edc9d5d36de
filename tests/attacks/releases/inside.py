"""Runs the program inside this process, from its command line to its exit code.

Starting an interpreter takes longer than judging a tag, and an attack suite judges many.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path

from reconciler import telemetry
from reconciler.cli.main import main
from tests.acceptance.program import Run, variables


def run(
    cwd: Path, *arguments: str, code: int | None = 0, environ: Mapping[str, str] | None = None
) -> Run:
    """Run the program in a folder; check its exit code (None: any) and that nothing escaped."""
    out, err = _stream(), _stream()
    with chdir(cwd), _environment(variables(**environ or {})):
        with redirect_stdout(out), redirect_stderr(err):
            found = main([*arguments])
        telemetry.forget()
    done = Run(code=found, out=_text(out), err=_text(err))
    assert "something unexpected happened" not in done.all, done.all
    assert code is None or done.code == code, (done.code, done.out, done.err)
    return done


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Let these be the only environment variables for a while."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _stream() -> TextIOWrapper:
    return TextIOWrapper(BytesIO(), encoding="utf-8", errors="surrogateescape")


def _text(stream: TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
