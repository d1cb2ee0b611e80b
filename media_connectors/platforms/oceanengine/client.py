"""How Ocean Engine is spoken to: JSON inside query values, the envelope, multipart uploads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import httpx
import orjson

from media_connectors.contracts import AccountAccess
from media_connectors.errors import Malformed
from media_connectors.http import Call, MediaHttp, UploadFile, read_envelope
from media_connectors.platforms.oceanengine.codes import OK, error_for
from media_connectors.platforms.wire import JsonObject, as_int, as_text

ROOT = "/open_api/"

T = TypeVar("T")


class OceanEngineClient:
    """GET with JSON-encoded arrays and objects, POST with JSON, uploads; every path ends with a slash."""

    def __init__(self, http: MediaHttp) -> None:
        self._http = http

    def get(
        self, access: AccountAccess, path: str, params: Mapping[str, object], parse: Callable[[JsonObject], T]
    ) -> T:
        """Read and parse ``data``; a ``Malformed`` of ``parse`` is a failed read and tried again."""
        return self._http.read(self._get_call(access, path, params), lambda response: parse(_data(response, kind=dict)))

    def get_array(
        self, access: AccountAccess, path: str, params: Mapping[str, object], parse: Callable[[list[Any]], T]
    ) -> T:
        """Read from one of the endpoints whose ``data`` is an array."""
        return self._http.read(self._get_call(access, path, params), lambda response: parse(_data(response, kind=list)))

    def get_by_query_token(self, access: AccountAccess, path: str) -> JsonObject:
        """Read from the OAuth endpoint that takes the token in the query and no header."""
        call = Call(
            method="GET",
            endpoint=ROOT + path,
            application_id=access.application_id,
            params={"access_token": access.access_token},
        )
        return self._http.read(call, partial(_data, kind=dict))

    def post(self, access: AccountAccess, path: str, body: Mapping[str, object]) -> JsonObject:
        """Write, once; ``data`` as an object."""
        call = Call(
            method="POST",
            endpoint=ROOT + path,
            application_id=access.application_id,
            account_remote_id=access.account_remote_id,
            access_token=access.access_token,
            body=body,
        )
        return self._http.write(call, partial(_data, kind=dict))

    def post_oauth(self, application_id: str, path: str, body: Mapping[str, object]) -> JsonObject:
        """Write to an OAuth endpoint, once and without a token: codes and refresh tokens work a single time."""
        call = Call(method="POST", endpoint=ROOT + path, application_id=application_id, body=body)
        return self._http.write(call, partial(_data, kind=dict))

    def upload(self, access: AccountAccess, path: str, form: Mapping[str, str], file: UploadFile) -> JsonObject:
        """Send a file. Sending the same bytes again gives the same material, so an upload may be repeated."""
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

    def _get_call(self, access: AccountAccess, path: str, params: Mapping[str, object]) -> Call:
        return Call(
            method="GET",
            endpoint=ROOT + path,
            application_id=access.application_id,
            account_remote_id=access.account_remote_id,
            access_token=access.access_token,
            params={name: _query_value(value) for name, value in params.items() if value is not None},
        )


def _query_value(value: object) -> str:
    return orjson.dumps(value).decode() if isinstance(value, list | dict) else str(value)


def _data(response: httpx.Response, *, kind: type[Any]) -> Any:
    envelope = read_envelope(response)
    code = as_int(envelope["code"])
    request_id = as_text(envelope.get("request_id"))
    if code != OK:
        raise error_for(code, as_text(envelope.get("message")), request_id=request_id, headers=response.headers)
    data = envelope.get("data")
    if data is None:
        return kind()
    if not isinstance(data, kind):
        raise Malformed(f"data is not {kind.__name__}", request_id=request_id)
    return data
