"""Stands between the program and PostgreSQL, and cuts a connection around one commit."""

from __future__ import annotations

import select
import socket
import threading
import time
from enum import StrEnum
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_WRITE = b"LOCK TABLE alembic_version"
_COMMIT = b"COMMIT\x00"
_CHUNK = 1 << 16
_ARRIVING = 0.1  # seconds in which a server has done a commit


class Moment(StrEnum):
    """When a connection is cut."""

    BEFORE = "before"  # the server never gets the commit
    DURING = "during"  # the server does it, and nobody is told
    AFTER = "after"  # the answer arrives, and then nothing more


class Proxy:
    """Passes everything on, but for the n-th commit of a transaction that writes."""

    def __init__(self, url: str, number: int, moment: Moment) -> None:
        """Take the URL of the database, and which commit is cut when."""
        where = urlsplit(url)
        self._server = (where.hostname or "", where.port or 0)
        self._left = number
        self._moment = moment
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = url.replace(f":{where.port}/", f":{port}/")
        self.has_cut = False
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._listen)]

    def __enter__(self) -> Self:
        """Start."""
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cut everything."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _listen(self) -> None:
        while not self._ended.is_set():
            ready, _, _ = select.select([self._listener], [], [], 0.05)
            if ready:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._pass_on, args=(client,))
                self._threads.append(thread)
                thread.start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server:
            writing = False
            while not self._ended.is_set():
                ready, _, _ = select.select([client, server], [], [], 0.05)
                for one in ready:
                    data = one.recv(_CHUNK)
                    if not data:
                        return
                    if one is server:
                        client.sendall(data)
                        continue
                    writing = writing or _WRITE in data
                    if writing and _COMMIT in data:
                        writing = False
                        self._left -= 1
                        if not self._left:
                            self._cut(client, server, data)
                            return
                    server.sendall(data)

    def _cut(self, client: socket.socket, server: socket.socket, data: bytes) -> None:
        self.has_cut = True
        if self._moment is Moment.BEFORE:
            return
        server.sendall(data)
        if self._moment is Moment.AFTER:
            client.sendall(server.recv(_CHUNK))
        else:
            time.sleep(_ARRIVING)
