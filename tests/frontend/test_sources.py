"""Rules that hold for every template and asset."""

import re
from pathlib import Path

from tests.e2e.screenshots import LOOKS, MOST_BYTES, SHOWN

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
TEMPLATES = sorted((FRONTEND / "templates").rglob("*.html"))
SPRITE = set(re.findall(r'<symbol id="([^"]+)"', (FRONTEND / "assets" / "icons.svg").read_text(encoding="utf-8")))


def test_templates_hold_no_inline_script_or_style() -> None:
    forbidden = re.compile(r'<style|\sstyle="|\son[a-z]+="|hx-on|javascript:|<script(?![^>]*\bsrc=)', re.IGNORECASE)
    found = [path.name for path in TEMPLATES if forbidden.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_nothing_comes_from_another_host() -> None:
    outside = re.compile(r'(?:src|href)="(?:https?:)?//')
    assert [path.name for path in TEMPLATES if outside.search(path.read_text(encoding="utf-8"))] == []


def test_every_icon_used_is_in_the_sprite() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in [*TEMPLATES, *FRONTEND.rglob("*.py")])
    used = set(re.findall(r'(?:{% icon |icon\(|MenuItem\([^"]*(?:"[^"]*")\), |icon_name=)"([a-z0-9-]+)"', text))
    assert len(used) > 10
    assert used - SPRITE == set()


def test_the_sprite_is_the_list() -> None:
    listed = (FRONTEND / "assets" / "icons.txt").read_text(encoding="utf-8").split()
    assert set(listed) == SPRITE
    assert listed == sorted(listed)


def test_the_pictures_in_the_documents_are_all_there_and_small() -> None:
    kept = {path.name: path.stat().st_size for path in (FRONTEND.parent / "docs" / "images").glob("*.jpg")}
    wanted = {f"{name}-1440-{theme}-{language}.jpg" for name in SHOWN for theme, language in LOOKS}
    assert set(kept) == wanted
    assert len(SHOWN) == 10
    assert {name: size for name, size in kept.items() if size > MOST_BYTES} == {}
    readme = (FRONTEND.parent / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"docs/images/([^)]+\.jpg)", readme)) <= wanted
