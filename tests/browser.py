"""The machine's Chromium without a window, driven through its own pipe: no port, no driver.

with Browser(tmp_path) as browser:
    page = browser.open("<p>Hello", width=800)
    page.ask("document.title")
    page.picture(tmp_path / "page.png")
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any, Self

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--hide-scrollbars", "--disable-lcd-text"),
    *("--force-color-profile=srgb", "--font-render-hinting=none", "--remote-debugging-pipe"),
)
_TIMEOUT = 60
_WINDOW = 900


class Browser:
    """A running browser with an empty profile in a folder; it ends with the block."""

    def __init__(self, folder: Path) -> None:
        """Start it."""
        self._folder = folder
        program = shutil.which("chromium")
        assert program is not None, "chromium is not installed; .ci/run says how it is"
        asked_from, self._asks = os.pipe()
        self._answers, told_to = os.pipe()
        # The browser reads from descriptor 3 and writes to 4, whatever numbers the pipes have.
        start = f'exec "$@" 3<&{asked_from} 4>&{told_to}'
        profile = f"--user-data-dir={folder / 'profile'}"
        self._process = subprocess.Popen(
            ["bash", "-c", start, "_", program, *_FLAGS, profile],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(asked_from, told_to),
        )
        os.close(asked_from)
        os.close(told_to)
        self._unread = b""
        self._count = 0
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it and take its profile away."""
        self._write({"id": 0, "method": "Browser.close"})
        try:
            self._process.wait(_TIMEOUT)
        finally:
            self._process.kill()
            os.close(self._asks)
            os.close(self._answers)
        shutil.rmtree(self._folder / "profile", ignore_errors=True)

    def open(self, html: str, *, width: int = 800, scale: float = 1) -> Page:
        """Show a page in a window of a width."""
        file = self._folder / f"page-{self._count}.html"
        file.write_text(html, encoding="utf-8")
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for part in ("Page", "Network", "Runtime", "Log"):
            page.call(f"{part}.enable")
        page.resize(width, _WINDOW, scale)
        page.call("Page.navigate", url=file.as_uri())
        self.wait_for(session, "Page.loadEventFired")
        return page

    def call(self, method: str, *, session: str | None = None, **given: Any) -> dict[str, Any]:
        """Ask for something and return the answer; what happens meanwhile is kept in `events`."""
        self._count += 1
        asked = {"id": self._count, "method": method, "params": given}
        self._write({**asked, **({"sessionId": session} if session else {})})
        while (message := self._read()).get("id") != self._count:
            self.events.append(message)
        assert "error" not in message, (method, message)
        found: dict[str, Any] = message["result"]
        return found

    def wait_for(self, session: str, event: str) -> None:
        """Wait until a session tells of an event."""

        def told() -> bool:
            return any(
                (each.get("sessionId"), each.get("method")) == (session, event)
                for each in self.events
            )

        while not told():
            self.events.append(self._read())

    def _write(self, message: Mapping[str, Any]) -> None:
        os.write(self._asks, json.dumps(message).encode() + b"\0")

    def _read(self) -> dict[str, Any]:
        """Return the next message."""
        until = monotonic() + _TIMEOUT
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._answers], [], [], max(0, until - monotonic()))
            more = os.read(self._answers, 65536) if ready else b""
            assert more, "the browser does not answer"
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\0")
        found: dict[str, Any] = json.loads(line)
        return found


class Page:
    """A page that is shown."""

    def __init__(self, browser: Browser, session: str) -> None:
        """Take the page of a session."""
        self._browser, self._session = browser, session

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        """Ask the page for something."""
        return self._browser.call(method, session=self._session, **given)

    def resize(self, width: int, height: int, scale: float = 1) -> None:
        """Give the window another size."""
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def ask(self, script: str) -> Any:
        """Return the value of an expression."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def picture(self, path: Path, highest: int | None = None) -> None:
        """Write a PNG of the whole page and no more, or of its top up to a height."""
        width = self.ask("window.innerWidth")
        height = self.ask("Math.ceil(document.body.getBoundingClientRect().height)")
        height = min(height, highest or height)
        self.resize(width, height, self.ask("window.devicePixelRatio"))
        shot = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))

    @property
    def complaints(self) -> list[str]:
        """What the console and the page's scripts said."""
        told = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [json.dumps(each["params"]) for each in self._own(*told)]

    @property
    def requests(self) -> list[str]:
        """The addresses that were asked for beside the page itself."""
        asked = [
            each["params"]["request"]["url"] for each in self._own("Network.requestWillBeSent")
        ]
        return [url for url in asked[1:] if not url.startswith("data:")]

    def _own(self, *methods: str) -> list[dict[str, Any]]:
        return [
            each
            for each in self._browser.events
            if each.get("sessionId") == self._session and each.get("method") in methods
        ]
