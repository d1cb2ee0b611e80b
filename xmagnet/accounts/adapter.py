"""allauth's decisions that are ours: nobody signs up without an invitation; everybody is met in their language."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest, HttpResponse

from xmagnet.core.crypto import decrypt, encrypt
from xmagnet.core.language import remember_language


class InvitationOnlyAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """Users have no user name."""

    def post_login(self, request: HttpRequest, user: Any, **details: Any) -> HttpResponse:
        """Go on in the language of the person's profile, whatever this browser spoke before."""
        response: HttpResponse = super().post_login(request, user, **details)
        if user.language:
            remember_language(request, response, user.language)
        return response


class EncryptedSecretsAdapter(DefaultMFAAdapter):
    """What makes the codes of the second factor is kept as other secrets are: whoever copies the table has nothing."""

    def encrypt(self, text: str) -> str:
        return encrypt(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text.encode())
