"""Pictures of the library's files: a drawn card, so that a picker has something to show. No file is kept or decoded."""

from html import escape
from typing import Any

from .dialect import Page
from .model import Material
from .world import World

ROOT = "/preview/"
LIFETIME_SECONDS = 3600
CACHED = {"Cache-Control": f"private, max-age={LIFETIME_SECONDS}"}


def preview_url(environ: dict[str, Any], material: Material, now: float) -> str:
    """Where this server draws the file; signed-looking, and another one every hour."""
    until = (int(now) // LIFETIME_SECONDS + 1) * LIFETIME_SECONDS
    host = environ.get("HTTP_HOST", "mock.example")
    return f"{environ.get('wsgi.url_scheme', 'http')}://{host}{ROOT}{material.id}.svg?x-expires={until}"


def draw(world: World, path: str) -> Page:
    """The card of ``/preview/<id>.svg``: colours from the file's md5, its name, its length."""
    number = path.removeprefix(ROOT).removesuffix(".svg")
    with world.lock:
        material = world.store.materials.get(int(number)) if number.isdecimal() else None
    if material is None:
        return Page(b"no such file", "text/plain; charset=utf-8", 404)
    return Page(_card(material).encode(), "image/svg+xml; charset=utf-8", 200, dict(CACHED))


def _card(material: Material) -> str:
    width, height = max(1, material.width), max(1, material.height)
    hue, turn = int(material.md5[:4], 16) % 360, int(material.md5[4:8], 16) % 120 + 40
    unit = min(width, height) / 12
    length = f"{material.duration_ms // 60_000}:{material.duration_ms // 1000 % 60:02d}" if material.duration_ms else ""
    play = (
        f'<path d="M {width / 2 - unit} {height / 2 - 1.5 * unit} l {2.5 * unit} {1.5 * unit} '
        f'l {-2.5 * unit} {1.5 * unit} z" fill="#fff" fill-opacity=".9"/>'
        if material.kind == "video"
        else f'<circle cx="{width / 2}" cy="{height / 2}" r="{2 * unit}" fill="#fff" fill-opacity=".35"/>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="hsl({hue} 55% 45%)"/>'
        f'<stop offset="1" stop-color="hsl({(hue + turn) % 360} 60% 30%)"/></linearGradient></defs>'
        f'<rect width="{width}" height="{height}" fill="url(#g)"/>{play}'
        f'<text x="{unit / 2}" y="{height - unit / 2}" font-size="{unit}" fill="#fff" font-family="sans-serif">'
        f"{escape(material.name[:24])} {length}</text></svg>"
    )
