"""The empty file that people fill in: a header, a line of explanation, and choices in the cells of XLSX."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from campaigns.domain.rows.reading import FIELDS
from campaigns.services.bulk.intake import COMMENT
from campaigns.services.bulk.limits import FORMAT_LIMITS
from xmagnet.core.spreadsheets import BYTE_ORDER_MARK, column_letter

NOTES = {
    "client_ref": gettext_noop(
        "Your own reference, unique; a row whose reference a live plan has makes no second plan"
    ),
    "media": gettext_noop("douyin, toutiao or kuaishou"),
    "account_id": gettext_noop("The media's id of the account"),
    "campaign": gettext_noop("Campaign name; created once when it does not exist; empty: chosen for you"),
    "name": gettext_noop("Plan name; empty: client_ref"),
    "objective": gettext_noop("leads"),
    "goal": gettext_noop("form, valid_lead or pay"),
    "bid_type": gettext_noop("target_cpa (default) or max_conversion"),
    "bid": gettext_noop("Yuan per conversion; empty for max_conversion"),
    "budget": gettext_noop("Yuan a day, or unlimited"),
    "schedule": gettext_noop("Empty: always; mon-fri 08:00-22:00; or 168 or 336 characters of 0 and 1"),
    "start_date": gettext_noop("2026-12-01; empty: today"),
    "end_date": gettext_noop("2026-12-31; empty: open"),
    "gender": gettext_noop("any, male or female"),
    "ages": gettext_noop("18-23|24-30|31-40|41-49|50+; empty: all"),
    "regions": gettext_noop("Region codes with | between; empty: everywhere"),
    "systems": gettext_noop("android|ios; empty: all"),
    "interests": gettext_noop("Interest ids with | between"),
    "audiences_include": gettext_noop("Audience package ids with | between"),
    "audiences_exclude": gettext_noop("Audience package ids with | between"),
    "expansion": gettext_noop("true or false: may the media widen the audience"),
    "landing_url": gettext_noop("https://…"),
    "titles": gettext_noop("Titles with | between"),
    "materials": gettext_noop("kind:id:cover with | between; kind is video, video_vertical, image or image_vertical"),
    "brand_name": gettext_noop("Brand, 2 to 10 characters"),
    "call_to_action": gettext_noop("Button, 2 to 6 characters"),
}
CHOICES = {
    "media": ("douyin", "toutiao", "kuaishou"),
    "objective": ("leads",),
    "goal": ("form", "valid_lead", "pay"),
    "bid_type": ("target_cpa", "max_conversion"),
    "gender": ("any", "male", "female"),
    "expansion": ("true", "false"),
}
_TEXT_COLUMNS = ("client_ref", "account_id", "regions", "interests", "schedule", "materials")


def csv_template() -> bytes:
    """Header and explanation, UTF-8 with a byte order mark."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(FIELDS)
    writer.writerow(_explanations())
    return (BYTE_ORDER_MARK + buffer.getvalue()).encode()


def xlsx_template() -> bytes:
    """The same as a workbook: fixed header, choices to pick, long numbers kept as text."""
    from openpyxl import Workbook  # late, as xmagnet.core.spreadsheets says
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    sheet: Any = book.active
    sheet.title = "plans"
    sheet.append(list(FIELDS))
    sheet.append(_explanations())
    last = FORMAT_LIMITS["xlsx"].rows + 2
    for index, name in enumerate(FIELDS):
        letter = column_letter(index)
        head = sheet[f"{letter}1"]
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor="E8EEF7")
        head.comment = Comment(_(NOTES[name]), "X-Magnet")
        sheet[f"{letter}2"].font = Font(italic=True, color="7A7A7A")
        sheet[f"{letter}2"].alignment = Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[letter].width = 22
        if name in _TEXT_COLUMNS:
            sheet.column_dimensions[letter].number_format = "@"
        if name in CHOICES:
            choice = DataValidation(type="list", formula1=f'"{",".join(CHOICES[name])}"', allow_blank=True)
            choice.add(f"{letter}3:{letter}{last}")
            sheet.add_data_validation(choice)
    sheet.freeze_panes = "B3"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _explanations() -> list[str]:
    texts = [_(NOTES[name]) for name in FIELDS]
    return [f"{COMMENT} {texts[0]}", *texts[1:]]
