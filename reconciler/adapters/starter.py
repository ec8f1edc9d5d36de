"""The starter repository: read from the package, written into a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from reconciler import __version__
from reconciler.core.ci import Ci, Rendered, Setup, render
from reconciler.core.errors import ReconcilerError
from reconciler.core.model import Kind

ENVIRONMENTS = ("development", "staging", "production")

_HIDDEN = "dot-"
_INSTALL = f'python -m pip install "gitops-reconciler=={__version__}"'


def files() -> dict[str, bytes]:
    """Return the files of the starter repository by path, the schemas of the kinds included."""
    found = dict(_below(resources.files("reconciler.starter") / "files", ""))
    for kind in Kind:
        name = f"{kind.lower()}.v1.json"
        found[f"schemas/{name}"] = (schema_folder() / name).read_bytes()
    return dict(sorted(found.items()))


def ci_files(ci: Ci, branch: str, install: str | None = None) -> Rendered:
    """Return the files that make a forge run the program on the starter's environments.

    `install` is how this project's own jobs bring the program: from their checkout.
    """
    found = _below(resources.files("reconciler.starter") / "ci", "")
    templates = {path: data.decode("utf-8") for path, data in found}
    setup = Setup(
        branch=branch,
        environments=ENVIRONMENTS,
        install=install or _INSTALL,
        released=install is None,
    )
    return render(ci, templates, setup)


def schema_folder() -> Traversable:
    """Return the folder of the schemas: in the package, or beside it in a checkout."""
    package = resources.files("reconciler")
    installed = package / "schemas"
    return installed if installed.is_dir() else Path(str(package)).parent / "schemas"


def write(root: Path, contents: Mapping[str, bytes]) -> None:
    """Write files that are not there yet.

    Raises:
        ReconcilerError: a file cannot be written, or was made by somebody else meanwhile.
    """
    for path, data in contents.items():
        target = root / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(data)
        except OSError as error:
            raise ReconcilerError(
                f"{target} cannot be written: {error.strerror}.",
                hint="Files that were written before it stay; remove them before the next try.",
            ) from error


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for item in folder.iterdir():
        name = item.name
        if name.startswith(_HIDDEN):
            name = "." + name.removeprefix(_HIDDEN)
        if item.is_dir():
            yield from _below(item, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", item.read_bytes()
