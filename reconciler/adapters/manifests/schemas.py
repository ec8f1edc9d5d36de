"""The JSON Schemas of the kinds: where they are, and a quick answer whether a manifest fits."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler import __version__
from reconciler.core.canonical import Json
from reconciler.core.errors import ReconcilerError
from reconciler.core.model import Kind

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

# Raise it when a rule of reading changes that stands in code and not in a schema.
RULES = 2

# In the schemas `$` is kept from accepting a line end, which it does in Python. In the linear
# engine that judges quickly it never does, and look-ahead is not known there.
_END, _LINEAR_END = r"$(?!\n)", "$"


@cache
def folder() -> Path:
    """Return the folder of the schemas: in the installed package, else in the checkout."""
    package = Path(str(resources.files("reconciler")))
    for candidate in (package / "schemas", package.parent / "schemas"):
        if (candidate / file_name(Kind.PIPELINE)).is_file():
            return candidate
    raise ReconcilerError("The JSON Schemas of the package are missing.", hint="Install it again.")


def file_name(kind: str) -> str:
    """Return the file of a kind's schema."""
    return f"{kind.lower()}.v1.json"


@cache
def schema(kind: str) -> dict[str, Any]:
    """Return the schema of a kind."""
    text = (folder() / file_name(kind)).read_bytes()
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def quick(kind: str) -> Draft202012Validator:
    """Return what says quickly, in time linear in the manifest, whether it fits its kind."""
    from jsonschema_rs import Draft202012Validator, RegexOptions

    return Draft202012Validator(_linear(schema(kind)), pattern_options=RegexOptions())


def _linear(value: Json) -> Json:
    if isinstance(value, dict):
        return {
            key: item.replace(_END, _LINEAR_END)
            if key == "pattern" and isinstance(item, str)
            else _linear(item)
            for key, item in value.items()
        }
    return [_linear(item) for item in value] if isinstance(value, list) else value


@cache
def rules_version() -> str:
    """Return a digest that changes with the schemas, the reading rules and the program."""
    digest = hashlib.sha256(f"{RULES} {__version__}".encode())
    for kind in Kind:
        digest.update((folder() / file_name(kind)).read_bytes())
    return f"sha256:{digest.hexdigest()}"
