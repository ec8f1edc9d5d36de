"""Who makes commits and tags, and with which key, as git is configured.

Only the settings that are named here are read; no program that a configuration names is run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.adapters.git.command import GitCommand
from reconciler.adapters.git.private import Place
from reconciler.core.errors import RepositoryError

# Where the user's own git configuration lies, and what overrides it.
_USER = frozenset(
    {
        "HOME",
        "XDG_CONFIG_HOME",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM",
        "GIT_CONFIG_NOSYSTEM",
    }
)
_DATES = ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE")
_SETTINGS = r"^(user\.(name|email|signingkey)|gpg\.format)$"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """The user that git is configured for, in one repository."""

    command: GitCommand
    place: Place

    def settings(self) -> Mapping[str, str]:
        """Return user.name, user.email, user.signingkey and gpg.format as git itself would."""
        real = replace(
            self.command,
            inherited=self.command.inherited | _USER,
            variables={"GIT_DIR": str(self.place.git_dir)},
        )
        asked = ("config", "--null", "--get-regexp", _SETTINGS)
        entries = real.run(*asked).output.decode("utf-8", "surrogateescape").split("\0")
        return dict(entry.partition("\n")[::2] for entry in entries if entry)

    def variables(self) -> dict[str, str]:
        """Return author and committer as variables for git; those of this process win.

        Raises:
            RepositoryError: git knows no name or no address.
        """
        config = self.settings()
        variables = {name: os.environ[name] for name in _DATES if name in os.environ}
        for role in ("AUTHOR", "COMMITTER"):
            for part in ("NAME", "EMAIL"):
                name = f"GIT_{role}_{part}"
                variables[name] = os.environ.get(name) or config.get(f"user.{part.lower()}", "")
        if not all(variables.values()):
            raise RepositoryError(
                "git does not know who commits.",
                hint="Run `git config --global user.name NAME` and"
                " `git config --global user.email ADDRESS`.",
            )
        return variables

    def committer_line(self) -> str:
        """Return the committer with the time of now, as an object names them."""
        told = replace(self.command, variables={**self.command.variables, **self.variables()})
        return told.need("var", "GIT_COMMITTER_IDENT").text
