"""What a media server learns from an uploaded file: format, size in pixels, length; by header bytes only."""

import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    format: str
    width: int
    height: int


@dataclass(frozen=True)
class Film:
    format: str
    width: int
    height: int
    duration_ms: int


# Where a film says nothing of itself: a vertical short video.
UNKNOWN_FILM = (720, 1280, 15_000)


def probe_picture(data: bytes) -> Picture | None:
    """JPEG, PNG, BMP or GIF; ``None`` for anything else."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        return Picture("png", *struct.unpack(">II", data[16:24]))
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        return Picture("gif", *struct.unpack("<HH", data[6:10]))
    if data[:2] == b"BM" and len(data) >= 26:
        width, height = struct.unpack("<ii", data[18:26])
        return Picture("bmp", width, abs(height))
    if data[:2] == b"\xff\xd8":
        return _probe_jpeg(data)
    return None


def _probe_jpeg(data: bytes) -> Picture | None:
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        length = struct.unpack(">H", data[at + 2 : at + 4])[0]
        if marker in range(0xC0, 0xD0) and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return Picture("jpeg", width, height)
        at += 2 + length
    return None


def probe_film(data: bytes) -> Film | None:
    """MP4 with its length and size when it tells them, MPEG, 3GP, AVI; ``None`` for anything else."""
    width, height, duration_ms = UNKNOWN_FILM
    if data[4:8] == b"ftyp":
        kind = "3gp" if data[8:11] == b"3gp" else "m4v" if data[8:11] == b"M4V" else "mp4"
        return Film(kind, *_mp4_size(data, (width, height)), _mp4_duration_ms(data, duration_ms))
    if data[:4] == b"RIFF" and data[8:12] == b"AVI ":
        return Film("avi", width, height, duration_ms)
    if data[:4] in (b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3"):
        return Film("mpeg", width, height, duration_ms)
    return None


def _mp4_duration_ms(data: bytes, default: int) -> int:
    at = data.find(b"mvhd")
    if at < 0 or at + 36 > len(data):
        return default
    if data[at + 4] == 1:
        scale, length = struct.unpack(">IQ", data[at + 24 : at + 36])
    else:
        scale, length = struct.unpack(">II", data[at + 16 : at + 24])
    return round(length * 1000 / scale) if scale and length else default


def _mp4_size(data: bytes, default: tuple[int, int]) -> tuple[int, int]:
    """The first track header with a size; sound tracks have none."""
    at = data.find(b"tkhd")
    while at >= 0:
        end = at + (100 if data[at + 4 : at + 5] == b"\x01" else 88)
        if end <= len(data):
            width, height = struct.unpack(">II", data[end - 8 : end])
            if width >> 16 and height >> 16:
                return width >> 16, height >> 16
        at = data.find(b"tkhd", at + 4)
    return default
