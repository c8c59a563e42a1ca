"""``/bot<token>/<method>``: calls as the bot makes them, answers as Telegram gives them."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from bot.preview.botapi import decode
from bot.preview.errors import ApiError
from bot.preview.faults import Cut, CutConnectionError
from bot.preview.messenger import Messenger
from bot.preview.methods import METHODS


class BotEndpoint:
    """The Bot API over a messenger."""

    def __init__(self, messenger: Messenger, token: str) -> None:
        self._messenger = messenger
        self._token = token

    async def call(self, request: Request) -> Response:
        """Answer one call."""
        if not _is_form(request):
            return await self._answer(request, {})
        # Closed only once answered: the call may read the file that it holds.
        async with request.form() as form:
            return await self._answer(request, dict(form))

    async def _answer(self, request: Request, form: dict[str, Any]) -> Response:
        method = request.path_params["method"]
        fault = self._messenger.faults.taken(method)
        try:
            self._admit(request.path_params["token"])
            values = await _values(request) | form
            await asyncio.sleep(self._messenger.faults.delay_of(method))
            fault.strike()
            result = await self._carry_out(method, values)
        except ApiError as error:
            return _refusal(error)
        except ClientDisconnect:
            return Response(status_code=499)
        if fault.cut is Cut.AFTER:
            raise CutConnectionError
        return JSONResponse({"ok": True, "result": result})

    async def download(self, request: Request) -> Response:
        """Give a file's content, as ``getFile`` promised."""
        file_id = request.path_params["path"].removeprefix("documents/")
        if request.path_params["token"] != self._token or file_id not in self._messenger.files:
            return _refusal(ApiError(404, "Not Found"))
        return Response(self._messenger.file(file_id), media_type="application/octet-stream")

    def _admit(self, token: str) -> None:
        if token != self._token:
            raise ApiError(401, "Unauthorized")

    async def _carry_out(self, method: str, raw: Mapping[str, Any]) -> object:
        values = decode(method, dict(raw))
        result = await METHODS[method](self._messenger, values)
        self._messenger.calls.append((method, values))
        return result


async def _values(request: Request) -> dict[str, Any]:
    """Return the parameters of the query and of a JSON body."""
    values: dict[str, Any] = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        values |= await request.json()
    return values


def _is_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "")
    return kind.startswith(("multipart/form-data", "application/x-www-form-urlencoded"))


def _refusal(error: ApiError) -> JSONResponse:
    body: dict[str, Any] = {
        "ok": False,
        "error_code": error.status,
        "description": error.description,
    }
    if error.parameters:
        body["parameters"] = error.parameters
    return JSONResponse(body, status_code=error.status)
