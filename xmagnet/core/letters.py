"""One email by the mail server of the settings: taken, refused for good, or to be tried again."""

from __future__ import annotations

import smtplib
from dataclasses import dataclass

from django.core.mail import EmailMessage


@dataclass(frozen=True, slots=True)
class Posted:
    """``error`` is empty when the mail server took the letter; ``is_final``: it will never take it."""

    error: str = ""
    is_final: bool = False


def post_letter(to: str, subject: str, text: str) -> Posted:
    """Hand a letter to the mail server, which may take seconds: never inside a transaction."""
    one_line = " ".join(f"[X-Magnet] {subject}".split())  # a header holds no line breaks
    try:
        EmailMessage(one_line, text, to=[to]).send()
    except smtplib.SMTPRecipientsRefused as refusal:
        return Posted(str(refusal)[:300], is_final=True)
    except (OSError, smtplib.SMTPException) as failure:
        return Posted(type(failure).__name__)
    return Posted()
