"""How Kuaishou is spoken to: POST with JSON for reads and writes alike, multipart uploads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import httpx

from media_connectors.contracts import AccountAccess
from media_connectors.errors import Malformed
from media_connectors.http import Call, MediaHttp, UploadFile, read_envelope
from media_connectors.platforms.kuaishou.codes import OK, error_for
from media_connectors.platforms.wire import JsonObject, as_int, as_text

ROOT = "/rest/openapi/"
APPROVAL_OK = 1  # approval/list says success with 1

T = TypeVar("T")


class KuaishouClient:
    """Paths without a trailing slash; whether a POST may be repeated is the caller's word, not HTTP's."""

    def __init__(self, http: MediaHttp) -> None:
        self._http = http

    def read(self, access: AccountAccess, path: str, body: Mapping[str, object], parse: Callable[[JsonObject], T]) -> T:
        """Read and parse ``data``; a ``Malformed`` of ``parse`` is a failed read and tried again."""
        return self._http.read(_call(access, path, body), lambda response: parse(_data(response, kind=dict)))

    def read_array(
        self, access: AccountAccess, path: str, body: Mapping[str, object], parse: Callable[[list[Any]], T]
    ) -> T:
        """Read from one of the endpoints whose ``data`` is an array."""
        return self._http.read(_call(access, path, body), lambda response: parse(_data(response, kind=list)))

    def write(self, access: AccountAccess, path: str, body: Mapping[str, object]) -> JsonObject:
        """Write, once; ``data`` as an object."""
        return self._http.write(_call(access, path, body), partial(_data, kind=dict))

    def write_oauth(self, application_id: str, path: str, body: Mapping[str, object]) -> JsonObject:
        """Write to an OAuth endpoint, once and without a token."""
        call = Call(method="POST", endpoint=ROOT + path, application_id=application_id, body=body)
        return self._http.write(call, partial(_data, kind=dict))

    def read_approvals(self, application_id: str, body: Mapping[str, object]) -> JsonObject:
        """One page of the accounts that a login granted; its success code is 1 (0 is taken too)."""
        call = Call(
            method="POST",
            endpoint=ROOT + "oauth2/authorize/approval/list",
            application_id=application_id,
            body=body,
        )
        return self._http.read(call, partial(_data, kind=dict, also_ok=APPROVAL_OK))

    def upload(self, access: AccountAccess, path: str, form: Mapping[str, str], file: UploadFile) -> JsonObject:
        """Send a file, once: the media asks not to send the same file twice."""
        call = Call(
            method="POST",
            endpoint=ROOT + path,
            application_id=access.application_id,
            account_remote_id=access.account_remote_id,
            access_token=access.access_token,
            form=form,
            file=file,
        )
        return self._http.write(call, partial(_data, kind=dict))


def _call(access: AccountAccess, path: str, body: Mapping[str, object]) -> Call:
    return Call(
        method="POST",
        endpoint=ROOT + path,
        application_id=access.application_id,
        account_remote_id=access.account_remote_id,
        access_token=access.access_token,
        body=body,
    )


def _data(response: httpx.Response, *, kind: type[Any], also_ok: int = OK) -> Any:
    envelope = read_envelope(response)
    code = as_int(envelope["code"])
    request_id = as_text(envelope.get("request_id"))
    if code not in (OK, also_ok):
        raise error_for(code, as_text(envelope.get("message")), request_id=request_id, headers=response.headers)
    data = envelope.get("data")
    if data is None:
        return kind()
    if not isinstance(data, kind):
        raise Malformed(f"data is not {kind.__name__}", request_id=request_id)
    return data
