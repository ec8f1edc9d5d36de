"""A second platform, remote and flaky on purpose: a server, its faults, and a client that copes.

The only fakes that use the network (this machine's own) and the clock. In `environment.yaml`:
`platform: {type: remote-test, url: http://127.0.0.1:PORT}`; the entry point of the group
`reconciler.platforms` is `remote-test = reconciler.testing.remote:factory`.
"""

from __future__ import annotations

from reconciler.testing.remote.control import RemoteControl
from reconciler.testing.remote.faults import Fault
from reconciler.testing.remote.platform import RemotePlatform, RemoteReader
from reconciler.testing.remote.plugin import factory
from reconciler.testing.remote.server import RemoteServer

__all__ = [
    "Fault",
    "RemoteControl",
    "RemotePlatform",
    "RemoteReader",
    "RemoteServer",
    "factory",
]
