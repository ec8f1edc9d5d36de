"""Runs the program on a pseudo terminal, as a person sits before one."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time

from tests.acceptance.program import COMMAND, TIMEOUT, Shop, variables


def on_a_terminal(shop: Shop, *arguments: str, expects: str, answer: str) -> tuple[int, str]:
    """Run a command, answer its question once, and return its exit code and the screen."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=shop.root,
        env=variables(TERM="xterm", **shop.variables),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        screen, answered, deadline = "", False, time.monotonic() + TIMEOUT
        while select.select([ours], [], [], max(0, deadline - time.monotonic()))[0]:
            try:
                screen += os.read(ours, 65_536).decode("utf-8", "replace")
            except OSError:  # what Linux says when the other end is closed
                break
            if not answered and expects in screen:
                os.write(ours, answer.encode() + b"\n")
                answered = True
        os.close(ours)
        try:
            code = process.wait(TIMEOUT)
        finally:
            process.kill()
    assert answered, screen
    return code, screen
