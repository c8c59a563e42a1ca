"""``/preview/…``: the requests of the chat page."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import quote

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.preview.api_errors import ApiError, bad
from bot.preview.bodies import bounded
from bot.preview.content import LONGEST_TEXT
from bot.preview.messenger import Messenger
from bot.preview.personas import Group, User
from bot.runtime import json_text
from knowledge.text.length import units

Body = dict[str, Any]
_KEEP_ALIVE_SECONDS = 15.0
# How long Telegram lets a bot answer an inline query, about.
_INLINE_SECONDS = 10.0
# Bytes of an action; of a file, with what is around it (Bot API, "Sending files").
_LARGEST_BODY = 1 << 20
_LARGEST_UPLOAD = 51 << 20
_TOO_LARGE = 413
# More than any event's number has; Python refuses to read thousands of digits.
_DIGITS = 20


class PageEndpoint:
    """The page's view of a messenger."""

    def __init__(self, messenger: Messenger, stopping: asyncio.Event) -> None:
        self._messenger = messenger
        self._stopping = stopping

    def routes(self) -> list[Route]:
        """Return the routes below ``/preview``."""
        acts: dict[str, Callable[[Body], Body | Awaitable[Body]]] = {
            "/send": self._send,
            "/tap": self._tap,
            "/block": self._block,
            "/reset": self._reset,
            "/inline": self._search,
            "/choose": self._choose,
        }
        return [
            Route("/state", self.state),
            Route("/events", self.events),
            Route("/file/{file_id}", self.file),
            Route("/attach", self.attach, methods=["POST"]),
            *(Route(path, _json_route(act), methods=["POST"]) for path, act in acts.items()),
        ]

    async def state(self, _request: Request) -> Response:
        """Return everything that the page shows, and the number of the last event."""
        messenger = self._messenger
        characters = [
            _person("pme", messenger.sme),
            _person("pme2", messenger.second_sme),
            _group("administrateurs", messenger.administrators),
            _group("facilitateurs", messenger.facilitators),
            # The private chats of those in the groups, who may be written to alone.
            *(
                _person(f"administrateur{number}", member)
                for number, member in enumerate(messenger.administrators.members, 1)
            ),
        ]
        state = {
            "bot": messenger.bot(),
            "characters": characters,
            "messages": {str(c["chat_id"]): messenger.messages(c["chat_id"]) for c in characters},
            "blocked": sorted(messenger.chats.blocked),
            "last_message_id": messenger.chats.last_id,
            "seq": messenger.events.seq,
        }
        return JSONResponse(state)

    async def events(self, request: Request) -> Response:
        """Stream the events after a number (server-sent events)."""
        last = request.headers.get("last-event-id") or request.query_params.get("after", "0")
        return StreamingResponse(
            self._stream(int(last) if last.isdecimal() and len(last) <= _DIGITS else 0),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    async def _stream(self, seq: int) -> AsyncIterator[str]:
        yield ": hello\n\n"
        while not self._stopping.is_set():
            news = self._messenger.events.after(seq)
            if news is None:
                # The log no longer has these events, or another server numbered them. On this
                # event, the page reads the state again.
                seq = self._messenger.events.seq
                news = [{"seq": seq, "kind": "bot", "chat_id": 0, "bot": self._messenger.bot()}]
            for event in news:
                seq = event["seq"]
                yield f"id: {seq}\ndata: {json.dumps(event)}\n\n"
            if not news and not await self._messenger.events.wait(_KEEP_ALIVE_SECONDS):
                yield ": still here\n\n"

    def _send(self, body: Body) -> Body:
        user, text = self._member(body), str(body["text"])
        if not text.strip():
            raise bad("message text is empty")
        if units(text) > LONGEST_TEXT:
            raise bad("message is too long")
        chat, reply_to = int(body["chat_id"]), body.get("reply_to")
        return {"message": self._messenger.says(user, text, chat=chat, reply_to=reply_to)}

    def _tap(self, body: Body) -> Body:
        tapped = int(body["chat_id"]), int(body["message_id"]), str(body["data"])
        return {"callback_query_id": self._messenger.taps(self._member(body), *tapped)}

    async def _search(self, body: Body) -> Body:
        """Return the results for words behind the bot's name; none where it does not answer."""
        user, words, offset = self._member(body), str(body["query"]), str(body.get("offset", ""))
        messenger = self._messenger
        query_id = messenger.searches(user, words, chat=int(body["chat_id"]), offset=offset)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_INLINE_SECONDS):
                while messenger.inline.answered(query_id) is None:
                    await messenger.changed()
        messenger.inline.expire(query_id)
        return {"query_id": query_id, "answer": messenger.inline.answered(query_id)}

    def _choose(self, body: Body) -> Body:
        chosen = str(body["query_id"]), str(body["result_id"])
        chat, reply_to = int(body["chat_id"]), body.get("reply_to")
        user = self._member(body)
        return {"message": self._messenger.chooses(user, *chosen, chat=chat, reply_to=reply_to)}

    def _block(self, body: Body) -> Body:
        user = self._messenger.chats.users[body["user_id"]]
        (self._messenger.blocks if body["blocked"] else self._messenger.unblocks)(user)
        return {"blocked": sorted(self._messenger.chats.blocked)}

    def _reset(self, _body: Body) -> Body:
        self._messenger.empties()
        return {}

    async def attach(self, request: Request) -> Response:
        """Send something other than a text as a person."""
        if not _content_type(request).startswith("multipart/form-data"):
            return _error("multipart/form-data is needed", 415)
        body = bounded(request.receive, _LARGEST_UPLOAD)
        try:
            async with Request(request.scope, body).form() as form:
                return JSONResponse({"message": await self._attach(form)})
        except (KeyError, ValueError, ApiError) as error:
            return _refused(error)

    async def _attach(self, form: FormData) -> Body:
        user = self._member(form)
        upload, file = form.get("file"), None
        if isinstance(upload, UploadFile) and upload.filename:
            file = (upload.filename, await upload.read())
        chat, kind = int(str(form["chat_id"])), str(form["kind"])
        field = form.get("reply_to")
        reply_to = int(str(field)) if field else None
        return self._messenger.sends(user, kind, chat=chat, file=file, reply_to=reply_to)

    async def file(self, request: Request) -> Response:
        """Return a file that the bot or a person sent."""
        file_id, files = request.path_params["file_id"], self._messenger.files
        if file_id not in files:
            return _error("no such file", 404)
        disposition = f"attachment; filename*=UTF-8''{quote(files.name(file_id), safe='')}"
        return Response(
            files.body(file_id),
            media_type="application/octet-stream",
            headers={"Content-Disposition": disposition},
        )

    def _member(self, body: Body | FormData) -> User:
        return self._messenger.chats.users[int(str(body["member_id"]))]


def _json_route(act: Callable[[Body], Body | Awaitable[Body]]) -> Callable[[Request], Any]:
    """Return an endpoint that passes a JSON body to an action."""

    async def respond(request: Request) -> Response:
        # Require JSON: a page of another site can post a form here, but a browser sends JSON to
        # another site only with its permission.
        if not _content_type(request).startswith("application/json"):
            return _error("application/json is needed", 415)
        try:
            sent = await Request(request.scope, bounded(request.receive, _LARGEST_BODY)).body()
            body = json_text.read_strictly(sent)
        except ApiError as error:
            return _refused(error)
        except ValueError as error:
            return _error(f"the body cannot be read: {error}", 400)
        if not isinstance(body, dict):
            return _error("the body must be an object", 400)
        try:
            acted = act(body)
            return JSONResponse(await acted if isinstance(acted, Awaitable) else acted)
        except (ApiError, KeyError, OverflowError, TypeError, ValueError) as error:
            return _refused(error)

    return respond


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").lower()


def _refused(error: Exception) -> Response:
    if not isinstance(error, ApiError):
        return _error("a field is missing or wrong", 400)
    return _error(str(error), 413 if error.status == _TOO_LARGE else 400)


def _error(reason: str, status: int) -> Response:
    return JSONResponse({"error": reason}, status_code=status)


def _person(key: str, user: User) -> Body:
    return {
        "key": key,
        "title": user.name,
        "subtitle": user.subtitle,
        "kind": "private",
        "chat_id": user.id,
        "members": [{"id": user.id, "name": user.name}],
    }


def _group(key: str, group: Group) -> Body:
    return {
        "key": key,
        "title": group.title,
        "subtitle": group.subtitle,
        "kind": "group",
        "chat_id": group.id,
        "members": [{"id": member.id, "name": member.name} for member in group.members],
    }
