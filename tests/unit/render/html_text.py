"""The text that a reader sees of an HTML fragment, for tests."""

from __future__ import annotations

from html.parser import HTMLParser


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def of(fragment: str) -> str:
    """Return the text without tags, and without the spaces that only split links."""
    return split(fragment).replace("\u200b", "")


def split(fragment: str) -> str:
    """Return the text without tags, as a forge looks for links in it."""
    parser = _Text()
    parser.feed(fragment)
    parser.close()
    return "".join(parser.parts)
