"""The handbook (操作手册): one guide for each role, and which part of it speaks of which page.

A guide is a text in `guides/`, in the language that the people at their desks read. Each part is headed by
`## Title {#page other-page}`: the names of the addresses that it speaks of, one also with what stands behind it
(`dispatch-queue?tab=return_asked`). What stands **bold** stands on these pages
too, word for word, and the pictures are taken by the test that looks for it (tests/browser/test_handbook.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import markdown
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe

WIDTH, HEIGHT = 1366, 768  # of every picture
GUIDES = Path(__file__).parent / "guides"
HEADING = re.compile(r"^## (?P<title>.+?) \{#(?P<pages>[^}]+)\}$", re.M)
PICTURED = re.compile(r"!\[[^\]]*\]\(([\w-]+)\)")
PICTURE = re.compile(r'<img alt="([^"]*)" src="([\w-]+)" ?/?>')


@dataclass(frozen=True)
class Part:
    """A part of a guide: its anchor, its heading, the pages that it speaks of."""

    anchor: str
    title: str
    pages: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Guide:
    """What one role reads."""

    role: str
    parts: tuple[Part, ...]
    html: SafeString

    def anchor_of(self, page: str) -> str:
        """Where it speaks of a page, `page?tab=…` of one of its tabs; empty where it does not."""
        return self._anchors.get(page) or self._anchors.get(page.partition("?")[0], "")

    @property
    def _anchors(self) -> Mapping[str, str]:
        return {page: part.anchor for part in self.parts for page in part.pages}


@cache
def guide_of(role: str) -> Guide | None:
    """The guide of a role; None where it has none."""
    path = GUIDES / f"{role}.md"
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    parts = tuple(_parts(text))
    headed = HEADING.sub(lambda found: f"## {found['title']} {{#{_anchor(found['pages'].split())}}}", text)
    html = markdown.markdown(headed, extensions=["attr_list", "tables"])
    return Guide(role, parts, mark_safe(PICTURE.sub(lambda found: _picture(role, *found.groups()), html)))  # noqa: S308 - our own text


def _parts(text: str) -> list[Part]:
    found = list(HEADING.finditer(text))
    ends = [*(one.start() for one in found[1:]), len(text)]
    return [
        Part(_anchor(pages := one["pages"].split()), one["title"], tuple(pages), text[one.end() : end])
        for one, end in zip(found, ends, strict=True)
    ]


def _anchor(pages: list[str]) -> str:
    return "on-" + re.sub(r"\W+", "-", pages[0])


def pictures_of(role: str) -> list[str]:
    """Where the pictures of a guide lie among the static files."""
    guide = guide_of(role)
    return [picture_name(role, name) for part in guide.parts for name in PICTURED.findall(part.text)] if guide else []


def picture_name(role: str, name: str) -> str:
    """Where a picture of a guide lies among the static files."""
    return f"handbook/{role}-{name}.png"


def _picture(role: str, caption: str, name: str) -> str:
    source = static(picture_name(role, name))
    # With its size a picture that comes later pushes nobody away from the part that they came for.
    return (
        f'<figure><img src="{source}" alt="{caption}" width="{WIDTH}" height="{HEIGHT}" loading="lazy">'
        f"<figcaption>{caption}</figcaption></figure>"
    )
