"""Ocean Engine's OAuth: the authorize page, single-use codes, rotating token pairs."""

from __future__ import annotations

from urllib.parse import urlencode

from media_connectors.contracts import TokenPair
from media_connectors.errors import AuthExpired, AuthRevoked, Malformed, PermissionDenied, Rejected
from media_connectors.platforms.oceanengine.client import OceanEngineClient
from media_connectors.platforms.wire import JsonObject, as_id, as_int, as_list, as_text


class OceanEngineAuthorizer:
    """Speaks to the OAuth endpoints; keeps nothing. Who refreshes, and when, is the credentials service's business."""

    def __init__(self, client: OceanEngineClient, authorize_page: str) -> None:
        self._client = client
        self._authorize_page = authorize_page

    def authorize_url(self, *, application_id: str, state: str, redirect_url: str) -> str:
        """Where a person's browser is sent to grant us accounts."""
        query = urlencode(
            {"app_id": application_id, "state": state, "redirect_uri": redirect_url, "material_auth": "1"}
        )
        return f"{self._authorize_page}?{query}"

    def exchange_code(self, *, application_id: str, secret: str, auth_code: str) -> TokenPair:
        """The first pair, for a code of at most 10 minutes. Raises ``Rejected`` when the code is used or too old."""
        body = {"app_id": _number(application_id), "secret": secret, "auth_code": auth_code}
        return _pair(self._client.post_oauth(application_id, "oauth2/access_token/", body))

    def refresh(self, *, application_id: str, secret: str, refresh_token: str) -> TokenPair:
        """A new pair; the old access and refresh token are dead from now on.

        Raises ``AuthRevoked`` when the refresh token already was.
        """
        body = {"app_id": _number(application_id), "secret": secret, "refresh_token": refresh_token}
        try:
            return _pair(self._client.post_oauth(application_id, "oauth2/refresh_token/", body))
        except (AuthExpired, PermissionDenied, Rejected) as error:
            raise AuthRevoked(error.message, code=error.code, request_id=error.request_id) from error


def _number(application_id: str) -> int | str:
    return int(application_id) if application_id.isdecimal() else application_id


def _pair(data: JsonObject) -> TokenPair:
    access_token, refresh_token = as_text(data.get("access_token")), as_text(data.get("refresh_token"))
    if not access_token or not refresh_token:
        raise Malformed("an answer without a token pair")
    return TokenPair(
        access_token=access_token,
        refresh_token=refresh_token,
        access_expires_in=as_int(data.get("expires_in")),
        refresh_expires_in=as_int(data.get("refresh_token_expires_in")),
        account_remote_ids=tuple(as_id(value) for value in as_list(data.get("advertiser_ids")) if as_id(value)),
    )
