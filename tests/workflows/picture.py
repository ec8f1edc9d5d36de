"""Shows a comment as its readers see it: the forge's Markdown and style sheet, in Chromium.

python -m tests.workflows.picture      writes the pictures that the README shows

The pictures are for people; what can be measured is measured by the tests.
"""

from __future__ import annotations

import re
import tempfile
from html import escape, unescape
from pathlib import Path

import cmarkgfm
from cmarkgfm.cmark import Options

from tests import project
from tests.browser import Browser, Page
from tests.workflows import golden

STYLE = Path(".ci/npm/node_modules/github-markdown-css/github-markdown-light.css")
WIDTH = 800
TOP = 950  # the README shows what is seen at first sight
SHOWN = {"comment.png": "development.md", "release.png": "release-live.md"}
# In a comment a line's end is a line's end, and HTML is shown, but for what the forge takes out.
_OPTIONS = Options.CMARK_OPT_HARDBREAKS | Options.CMARK_OPT_UNSAFE
_ALERTS = {
    "NOTE": ("note", "Note"),
    "TIP": ("tip", "Tip"),
    "IMPORTANT": ("important", "Important"),
    "WARNING": ("warning", "Warning"),
    "CAUTION": ("caution", "Caution"),
}
_ALERT = re.compile(rf"<blockquote>\s*<p>\[!({'|'.join(_ALERTS)})\]\s*(?:<br ?/>)?\s*")
# How the forge's highlighter marks the lines of a difference.
_COLOURS = {"+": "pl-mi1", "-": "pl-md", "!": "pl-mc", "@": "pl-mdr", "#": "pl-c"}
_PAGE = """\
<!doctype html><meta charset="utf-8"><title>A comment</title>
<style>{style}</style>
<style>
  body {{ margin: 0; padding: 16px; background: #fff; }}
  .box {{ border: 1px solid #d1d9e0; border-radius: 6px; }}
  .head {{ font: 14px -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif;
           background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 8px 16px;
           border-radius: 6px 6px 0 0; color: #59636e; }}
  .head b {{ color: #1f2328; }}
  .head i {{ border: 1px solid #d1d9e0; border-radius: 2em; padding: 0 7px; font-style: normal;
             font-size: 12px; }}
  .markdown-body {{ padding: 16px; font-size: 14px; }}
</style>
<div class="box"><div class="head"><b>github-actions</b> <i>bot</i> commented</div>
<div class="markdown-body">{body}</div></div>
"""


def html(markdown: str) -> str:
    """Return what the forge makes of a comment's text."""
    made = cmarkgfm.github_flavored_markdown_to_html(markdown, _OPTIONS)
    made = re.sub(r'<pre lang="diff"><code>(.*?)</code></pre>', _coloured, made, flags=re.DOTALL)
    return _ALERT.sub(_alert, made)


def page(markdown: str) -> str:
    """Return a page that holds a comment and nothing else."""
    return _PAGE.format(style=project.read(STYLE), body=html(markdown))


def show(browser: Browser, markdown: str, *, scale: float = 1) -> Page:
    """Show a comment in a browser."""
    return browser.open(page(markdown), width=WIDTH, scale=scale)


def _coloured(found: re.Match[str]) -> str:
    lines = unescape(found[1]).rstrip("\n").split("\n")
    shown = "\n".join(_line(line) for line in lines)
    return f'<div class="highlight highlight-source-diff"><pre>{shown}</pre></div>'


def _line(line: str) -> str:
    colour = _COLOURS.get(line[:1])
    text = escape(line, quote=False)
    return f'<span class="{colour}">{text}</span>' if colour else text


def _alert(found: re.Match[str]) -> str:
    """Begin an alert; its end tag stays a quotation's, which closes nothing else."""
    kind, title = _ALERTS[found[1]]
    box = f'<blockquote class="markdown-alert markdown-alert-{kind}">'
    return f'{box}<p class="markdown-alert-title">{title}</p><p>'


def main() -> None:
    """Write the pictures that the README shows."""
    target = project.ROOT / ".github" / "pictures"
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Browser(Path(folder)) as browser:
        for name, source in SHOWN.items():
            text = (golden.FOLDER / source).read_text(encoding="utf-8")
            show(browser, golden.lifelike(text)).picture(target / name, TOP)


if __name__ == "__main__":
    main()
