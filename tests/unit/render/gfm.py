"""Markdown as GitHub's own renderer shows it, for tests: tags, links and text."""

from __future__ import annotations

from html.parser import HTMLParser

from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options

_OPTIONS = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
_VOID = {"br", "hr", "img", "input"}


class Page(HTMLParser):
    """What a browser makes of a comment."""

    def __init__(self, source: str) -> None:
        """Render Markdown and read it."""
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.comments: list[str] = []
        self.prose: list[str] = []
        self.code: list[str] = []
        self._open: list[str] = []
        self.feed(github_flavored_markdown_to_html(source, options=_OPTIONS))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember a tag, and where it leads."""
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Remember the end of a tag, which must be the one that is open."""
        if tag in _VOID:
            return
        assert self._open.pop() == tag, self.tags[-9:]
        self.tags.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        """Remember what is hidden."""
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        """Remember text: code, of which nothing is made, apart from the rest."""
        (self.code if {"code", "pre"} & set(self._open) else self.prose).append(data)

    @property
    def shape(self) -> list[str]:
        """The tags, without those that only stand around words."""
        return [tag for tag in self.tags if tag.strip("/") not in ("a", "code", "span")]

    @property
    def text(self) -> str:
        """All text as it is read, without the spaces that only split links."""
        return "".join([*self.prose, *self.code]).replace("\u200b", "")
