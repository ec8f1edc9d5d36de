"""A proxy in front of a server that drops a connection at a chosen moment."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum


class Drop(StrEnum):
    """When a connection is dropped that sends the words that are waited for."""

    BEFORE = "the server never gets them"
    DURING = "the server gets them, the client no answer"
    AFTER = "the client gets the answer, and nothing more"


class Proxy:
    """Passes on what a client and a server say, up to the words that are waited for."""

    def __init__(self, port: int) -> None:
        """Stand in front of a port of this machine."""
        self._server = port
        self._lock = threading.Lock()
        self._words, self._drop, self._after, self._times = b"", Drop.BEFORE, 0, 0
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.dropped = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def drop(self, words: bytes, when: Drop, *, after: int = 0, times: int = 1) -> None:
        """Drop connections that send words, so many times, after so many that got away."""
        with self._lock:
            self._words, self._drop, self._after, self._times = words, when, after, times
            self.dropped = 0

    def close(self) -> None:
        """End, and drop every connection."""
        self._listener.close()
        for each in self._sockets:
            _close(each)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._server))
                except OSError:
                    client.close()
                    continue
                self._sockets += [client, server]
                answered = threading.Event()
                for pump, *ends in (
                    (self._pass_questions, client, server, answered),
                    (self._pass_answers, server, client, answered),
                ):
                    threading.Thread(target=pump, args=ends, daemon=True).start()

    def _pass_questions(
        self, client: socket.socket, server: socket.socket, silenced: threading.Event
    ) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                when = self._due(data)
                if when is Drop.BEFORE:
                    break
                if when is Drop.DURING:
                    silenced.set()
                server.sendall(data)
                if when is Drop.AFTER:
                    threading.Timer(0.1, _close, (server,)).start()
        _close(client)
        _close(server)

    def _pass_answers(
        self, server: socket.socket, client: socket.socket, silenced: threading.Event
    ) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if silenced.is_set():
                    break  # the server has answered, so it has done what it was told
                client.sendall(data)
        _close(client)
        _close(server)

    def _due(self, data: bytes) -> Drop | None:
        with self._lock:
            if self._times == 0 or self._words not in data:
                return None
            if self._after:
                self._after -= 1
                return None
            self._times -= 1
            self.dropped += 1
            return self._drop


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """Run a proxy in front of a port of this machine."""
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
