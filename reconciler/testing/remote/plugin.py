"""How the program opens the remote platform: the value of its entry point."""

from __future__ import annotations

from reconciler.core.model import Environment
from reconciler.ports import PlatformContext
from reconciler.testing.remote.client import TIMEOUT, Client
from reconciler.testing.remote.platform import RemotePlatform, RemoteReader

_KEYS = {"type", "url", "timeout"}


class RemoteFactory:
    """A `ports.PlatformFactory`: `url` says where the server is, `timeout` how long it may take."""

    def reader(self, environment: Environment, context: PlatformContext) -> RemoteReader:
        """Return what reads the platform.

        Raises:
            ValueError: its keys in `environment.yaml` are not understood.
        """
        return RemoteReader(_client(environment), environment.name)

    def open(self, environment: Environment, context: PlatformContext) -> RemotePlatform:
        """Return what reads and writes the platform.

        Raises:
            ValueError: its keys in `environment.yaml` are not understood.
        """
        return RemotePlatform(_client(environment), environment.name)


factory = RemoteFactory()


def _client(environment: Environment) -> Client:
    told = environment.platform
    if unknown := told.keys() - _KEYS:
        raise ValueError(f"`{min(unknown)}` is not known; there are `url` and `timeout`")
    timeout = told.get("timeout", TIMEOUT)
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if not is_number or timeout <= 0:
        raise ValueError("`timeout` is not a number of seconds above 0")
    return Client(str(told.get("url", "")), timeout=timeout)
