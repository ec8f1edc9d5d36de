"""Each kind of comment in a browser, in the forge's style: what a reader sees at first sight."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import project
from tests.browser import Browser
from tests.workflows import golden, picture

COMMENTS = sorted(path.name for path in golden.FOLDER.glob("*.md"))
SCREEN = 900
PNG = b"\x89PNG\r\n\x1a\n"

WIDE = """[...document.querySelectorAll('.markdown-body, .markdown-body *')].filter(
  each => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0
          && !each.closest('pre')).map(each => each.outerHTML.slice(0, 200))"""
VERDICT = """(() => {
  const first = document.querySelector('.markdown-body h2, .markdown-body strong');
  return [first.textContent, first.getBoundingClientRect().bottom, !first.closest('details')];
})()"""
FOLDS = "[...document.querySelectorAll('details')].map(each => each.open)"
OPEN = "document.querySelectorAll('details').forEach(each => each.open = true)"
LINKS = "[...document.querySelectorAll('.markdown-body a')].map(each => each.href)"
ACTIVE = "document.querySelectorAll('.markdown-body :is(img, script, iframe, style, form)').length"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Yield a browser."""
    with Browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


def text(name: str) -> str:
    """Return a comment, with values as long as real ones."""
    return golden.lifelike((golden.FOLDER / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", COMMENTS)
def test_a_comment_is_good_at_first_sight(browser: Browser, name: str, tmp_path: Path) -> None:
    """The verdict is seen without scrolling, all folds are closed, and nothing is cut off."""
    page = picture.show(browser, text(name))

    verdict, bottom, is_open = page.ask(VERDICT)
    assert verdict
    assert bottom < SCREEN / 2
    assert is_open
    assert True not in page.ask(FOLDS)
    assert page.ask("document.documentElement.scrollWidth") == picture.WIDTH
    assert page.ask(WIDE) == []
    page.picture(tmp_path / "seen.png")
    assert (tmp_path / "seen.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize("name", COMMENTS)
def test_what_is_folded_fits_as_well(browser: Browser, name: str) -> None:
    """With every fold open, only a block of code may be wider than the comment."""
    page = picture.show(browser, text(name))

    page.ask(OPEN)
    assert page.ask("document.documentElement.scrollWidth") == picture.WIDTH
    assert page.ask(WIDE) == []


@pytest.mark.parametrize("name", COMMENTS)
def test_a_comment_asks_for_nothing(browser: Browser, name: str) -> None:
    """A comment loads nothing, runs nothing, and links to the forge's own pages alone."""
    page = picture.show(browser, text(name))

    page.ask(OPEN)
    assert page.ask(ACTIVE) == 0
    assert [link for link in page.ask(LINKS) if not link.startswith("https://github.com/")] == []
    assert page.requests == []
    assert page.complaints == []


@pytest.mark.parametrize("name", picture.SHOWN)
def test_the_pictures_of_the_readme_are_small(name: str) -> None:
    """A picture in the README is quickly there."""
    data = (project.ROOT / ".github" / "pictures" / name).read_bytes()

    assert data.startswith(PNG)
    assert len(data) < 150_000


def test_every_kind_of_comment_is_looked_at() -> None:
    """The tests above have comments to look at."""
    assert len(COMMENTS) >= 6


def test_a_wide_comment_would_be_noticed(browser: Browser) -> None:
    """A table wider than the page, an open fold, an image and a far verdict are all seen."""
    wide = "| " + " | ".join(["wide-column"] * 20) + " |\n|" + "---|" * 20 + "\n"
    fold = "<details open><summary>x</summary>\n\n![i](http://127.0.0.1:9/i.png)\n\n</details>\n"

    page = picture.show(browser, f"<br>\n{fold}\n{'far<br>' * 60}\n\n## Verdict\n\n{wide}")

    assert page.ask(VERDICT)[1] > SCREEN
    assert page.ask(FOLDS) == [True]
    assert page.ask(WIDE) != []
    assert page.ask(ACTIVE) == 1
    assert page.requests == ["http://127.0.0.1:9/i.png"]
