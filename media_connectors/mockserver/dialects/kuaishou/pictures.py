"""Width and height of pictures and videos from their first bytes; no picture is decoded."""

import struct
from dataclasses import dataclass

_JPEG_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})


@dataclass(frozen=True)
class Facts:
    """``format`` is png, jpeg, gif, mp4 or "" when unknown; sizes in pixels, 0 when unknown; duration in ms."""

    format: str = ""
    width: int = 0
    height: int = 0
    duration_ms: int = 0


def examine(content: bytes) -> Facts:
    """What the bytes say about themselves."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return Facts("png", width, height)
    if content[:6] in {b"GIF87a", b"GIF89a"}:
        width, height = struct.unpack("<HH", content[6:10])
        return Facts("gif", width, height)
    if content.startswith(b"\xff\xd8"):
        return _examine_jpeg(content)
    if content[4:8] == b"ftyp":
        return _examine_mp4(content)
    return Facts()


def _examine_jpeg(content: bytes) -> Facts:
    position = 2
    while position + 9 <= len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return Facts("jpeg", width, height)
        position += 2 + int.from_bytes(content[position + 2 : position + 4])
    return Facts("jpeg")


def _examine_mp4(content: bytes) -> Facts:
    """Reads the movie's and the first visible track's headers, which both begin with version and flags."""
    duration_ms = width = height = 0
    movie = content.find(b"mvhd")
    if movie >= 0 and movie + 24 <= len(content):
        wide = content[movie + 4] == 1
        at = movie + (24 if wide else 16)
        scale = int.from_bytes(content[at : at + 4])
        length = int.from_bytes(content[at + 4 : at + (12 if wide else 8)])
        duration_ms = length * 1000 // scale if scale else 0
    track = content.find(b"tkhd")
    while track >= 0 and not (width and height):
        at = track + (92 if content[track + 4] == 1 else 80)
        # 16.16 fixed point; the whole part is enough.
        width, height = (int.from_bytes(content[at + skip : at + skip + 4]) >> 16 for skip in (0, 4))
        track = content.find(b"tkhd", track + 4)
    return Facts("mp4", width, height, duration_ms)
