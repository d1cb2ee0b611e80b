"""Cells of tables: nothing that a spreadsheet would take for a formula, and back again without loss."""

from __future__ import annotations

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")


def escaped(text: str) -> str:
    """A cell that no spreadsheet takes for a formula.

    >>> escaped("=1+1"), escaped("plan")
    ("'=1+1", 'plan')
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def unescaped(text: str) -> str:
    """Take back the apostrophe that ``escaped`` put before a formula."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def column_letter(index: int) -> str:
    """The spreadsheet's name of a 0-based column: A … Z, AA …"""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
