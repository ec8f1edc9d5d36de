"""Which platform an environment runs on: the built-in one, or one that another package brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from reconciler import settings, telemetry
from reconciler.bootstrap.plugins import Plugins
from reconciler.core.errors import PlatformError, SecretError
from reconciler.core.model import Environment
from reconciler.core.names import quoted
from reconciler.ports import (
    Platform,
    PlatformContext,
    PlatformReader,
    SecretSource,
    UserPlatform,
    UserReader,
)

if TYPE_CHECKING:
    from reconciler.adapters.platforms.builtin.platform import BuiltinPlatform, BuiltinReader
    from reconciler.adapters.sql.database import Database

BUILTIN = "builtin"


class Platforms:
    """Opens the platform of an environment. Packages are looked for when one is first named."""

    def __init__(
        self,
        *,
        database: Callable[[], Database],
        now: Callable[[], str],
        secrets: Callable[[], SecretSource],
    ) -> None:
        """Take what platforms stand on, each asked for only when it is needed."""
        self._database = database
        self._now = now
        self._secrets = secrets
        self._plugins = Plugins(own=BUILTIN)

    @property
    def installed(self) -> tuple[str, ...]:
        """The types that an environment may name."""
        return (BUILTIN, *self._plugins.names)

    def reader(self, environment: Environment) -> PlatformReader:
        """Return what reads the platform of an environment; it cannot write.

        Raises:
            Invalid: its type is not installed, or does not work; a finding of this environment.
        """
        if _is_builtin(environment):
            return self._builtin_reader(environment)
        return self._plugins.reader(environment, self._context(environment))

    def open(self, environment: Environment) -> Platform:
        """Return what reads and writes the platform of an environment.

        Raises:
            Invalid: its type is not installed, or does not work; a finding of this environment.
        """
        if _is_builtin(environment):
            return self._builtin(environment)
        return self._plugins.open(environment, self._context(environment))

    def user_reader(self, environment: Environment) -> UserReader:
        """Return what reads the users of an environment: none where its platform knows none.

        Raises:
            Invalid: its type is not installed, or does not work; a finding of this environment.
        """
        return self.reader(environment)

    def user_platform(self, environment: Environment) -> UserPlatform:
        """Return what writes the users of an environment.

        Raises:
            PlatformError: its platform keeps no users of its own.
        """
        if _is_builtin(environment):
            return self._builtin(environment)
        kind = quoted(str(environment.platform.get("type")))
        raise PlatformError(
            f"The platform {kind} of {environment.name} keeps no users of its own.",
            hint="Users are imported where the platform is builtin.",
        )

    def _builtin_reader(self, environment: Environment) -> BuiltinReader:
        from reconciler.adapters.platforms.builtin.platform import BuiltinReader

        return BuiltinReader(self._database(), environment.name)

    def _builtin(self, environment: Environment) -> BuiltinPlatform:
        from reconciler.adapters.platforms.builtin.platform import BuiltinPlatform

        return BuiltinPlatform(self._database(), environment.name, now=self._now)

    def _context(self, environment: Environment) -> PlatformContext:
        # An address may hold a password, and what answers there may say it again.
        addresses = [text for text in environment.platform.values() if isinstance(text, str)]
        telemetry.redact(settings.url_passwords(*addresses))
        return PlatformContext(now=self._now, secret=lambda name: self._secret(environment, name))

    def _secret(self, environment: Environment, name: str) -> str | None:
        source: Mapping[str, object] | None = environment.secrets.get(name)
        if source is None:
            raise SecretError(
                f"The platform of {environment.name} needs the secret {quoted(name)}, which is not"
                " declared.",
                hint="Say under `secrets` in environment.yaml where its value comes from.",
            )
        value = self._secrets().value(environment.name, name, source)
        telemetry.redact([] if value is None else [value])
        return value


def _is_builtin(environment: Environment) -> bool:
    return environment.platform.get("type") == BUILTIN
