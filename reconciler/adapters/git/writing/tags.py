"""Makes annotated tags, byte for byte as git itself would; it must not know releases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.adapters.git.command import GitCommand
from reconciler.adapters.git.history import History
from reconciler.adapters.git.objects import Wanted, read_objects
from reconciler.adapters.git.private import Place
from reconciler.adapters.git.refs import Refs, name_problem
from reconciler.adapters.git.writing.signing import Signing, signing
from reconciler.adapters.git.writing.user import User
from reconciler.core.errors import Conflict, RepositoryError
from reconciler.core.printable import one_line
from reconciler.ports import MadeTag

_BLANK_LINES = re.compile(r"\n{3,}")
_BEGIN_SIGNATURE = "-----BEGIN "


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """Makes tags in one repository."""

    command: GitCommand
    place: Place
    user: User
    refs: Refs
    history: History

    def make(self, name: str, target: str, message: str, *, sign: bool | None) -> MadeTag:
        """Make an annotated tag on a commit; the same one again changes nothing.

        Raises:
            RepositoryError: the name or message is refused, or it cannot be signed as asked.
            Conflict: there is another tag of this name.
        """
        self._check(name, target)
        text = _cleaned(message)
        signer = self._signer(sign=sign)
        ref = f"refs/tags/{name}"
        known = self.refs.exact([ref]).get(ref)
        if known is not None:
            return self._same(known.oid, name, target, text, signer)
        head = f"object {target}\ntype commit\ntag {name}\ntagger {self.user.committer_line()}"
        payload = f"{head}\n\n{text}".encode("utf-8", "surrogateescape")
        signature = b"" if signer is None else signer.sign(payload)
        oid = self.command.need("mktag", stdin=payload + signature).text
        self._move(ref, oid)
        return MadeTag(oid, signer is not None)

    def remove(self, name: str, oid: str) -> None:
        """Delete a tag that still is this object."""
        self.command.run("update-ref", "--no-deref", "-d", f"refs/tags/{name}", oid)

    def _check(self, name: str, target: str) -> None:
        problem = name_problem(name)
        if problem is not None:
            raise RepositoryError(f"no tag can be called `{one_line(name, 100)}`: it {problem}.")
        if not self.history.exists(target):
            raise RepositoryError(f"the commit {target[:12]} is not here, so it gets no tag.")

    def _signer(self, *, sign: bool | None) -> Signing | None:
        base = self.place.root or self.place.git_dir
        settings: Mapping[str, str] = {} if sign is False else self.user.settings()
        return signing(settings, base, self.command.directory, sign=sign)

    def _same(self, oid: str, name: str, target: str, text: str, signer: Signing | None) -> MadeTag:
        """Return the tag that is there when it says the same, and is signed if that is wanted."""
        other = Conflict(
            f"there is another tag {name} already.",
            hint=f"Look at it with `git show {name}`; a tag that was shared is never moved.",
        )
        try:
            (data,) = read_objects(self.command, [Wanted(oid, f"tag {name}")], "tag")
        except RepositoryError as error:
            raise other from error
        head, _, body = data.decode("utf-8", "surrogateescape").partition("\n\n")
        said, mark, _ = body.partition("-----BEGIN SSH SIGNATURE-----")
        fields = head.split("\n")[:3]
        same = fields == [f"object {target}", "type commit", f"tag {name}"] and said == text
        if not same or (signer is not None and not mark):
            raise other
        return MadeTag(oid, bool(mark))

    def _move(self, ref: str, oid: str) -> None:
        nothing = "0" * len(oid)
        options = ("--no-deref", "--end-of-options")
        result = self.command.run("update-ref", *options, ref, oid, nothing)
        if result.status:
            raise Conflict(f"the tag {ref[10:]} cannot be made: {result.reason}.")


def _cleaned(message: str) -> str:
    """Return a message without space at line ends and blank lines too many, as git has it.

    Raises:
        RepositoryError: it is empty, or a line in it could be taken for a signature.
    """
    lines = "\n".join(line.rstrip() for line in message.split("\n")).strip("\n")
    text = _BLANK_LINES.sub("\n\n", lines)
    if not text or "\0" in text:
        raise RepositoryError("the message of a tag is empty or holds a NUL.")
    if any(line.startswith(_BEGIN_SIGNATURE) for line in text.split("\n")):
        raise RepositoryError(
            f"the message of a tag has a line that begins with `{_BEGIN_SIGNATURE}`."
        )
    return f"{text}\n"
