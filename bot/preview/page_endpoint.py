"""``/preview/…``: what the chat page asks for and does."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.preview.errors import ApiError
from bot.preview.messenger import Messenger
from bot.preview.people import Group, User, bot_as_json

_KEEP_ALIVE_SECONDS = 15.0


class PageEndpoint:
    """The page's view of a messenger."""

    def __init__(self, messenger: Messenger, stopping: asyncio.Event) -> None:
        self._messenger = messenger
        self._stopping = stopping

    def routes(self) -> list[Route]:
        """Return the routes below ``/preview``."""
        return [
            Route("/state", self.state),
            Route("/events", self.events),
            Route("/file/{file_id}", self.file),
            *(
                Route(path, act, methods=["POST"])
                for path, act in (
                    ("/send", self.send),
                    ("/tap", self.tap),
                    ("/attach", self.attach),
                    ("/block", self.block),
                    ("/reset", self.reset),
                )
            ),
        ]

    async def state(self, _request: Request) -> Response:
        """Give everything that the page shows, and the number to listen on from."""
        messenger = self._messenger
        people = {"pme": messenger.sme, "pme2": messenger.second_sme}
        groups = {
            "administrateurs": messenger.administrators,
            "facilitateurs": messenger.facilitators,
        }
        characters = [_person(key, user) for key, user in people.items()]
        characters += [_group(key, group) for key, group in groups.items()]
        state = {
            "bot": bot_as_json()
            | {
                "description": messenger.texts.get("description", ""),
                "commands": messenger.commands,
            },
            "characters": characters,
            "messages": {str(c["chat_id"]): messenger.messages(c["chat_id"]) for c in characters},
            "blocked": sorted(messenger.blocked),
            "seq": messenger.seq,
        }
        return JSONResponse(state)

    async def events(self, request: Request) -> Response:
        """Stream what happens (server-sent events), from a number on."""
        last = request.headers.get("last-event-id") or request.query_params.get("after", "0")
        return StreamingResponse(
            self._stream(int(last) if last.isdigit() else 0),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    async def _stream(self, after: int) -> AsyncIterator[str]:
        yield ": hello\n\n"
        while not self._stopping.is_set():
            news = [event for event in self._messenger.log if event["seq"] > after]
            for event in news:
                after = event["seq"]
                yield f"id: {after}\ndata: {json.dumps(event)}\n\n"
            if not news:
                await self._messenger.changed_or(_KEEP_ALIVE_SECONDS)
                yield ": still here\n\n"

    async def send(self, request: Request) -> Response:
        """Say something as a person."""
        return await self._act(request, self._send)

    def _send(self, body: dict[str, Any]) -> dict[str, Any]:
        user = self._messenger.users[body["member_id"]]
        text, reply_to = str(body["text"]), body.get("reply_to")
        message = self._messenger.says(user, text, chat=body["chat_id"], reply_to=reply_to)
        return {"message": message}

    async def tap(self, request: Request) -> Response:
        """Tap a button as a person."""
        return await self._act(request, self._tap)

    def _tap(self, body: dict[str, Any]) -> dict[str, Any]:
        user = self._messenger.users[body["member_id"]]
        query = self._messenger.taps(user, body["chat_id"], body["message_id"], body["data"])
        return {"callback_query_id": query}

    async def block(self, request: Request) -> Response:
        """Block the bot, or let it write again."""
        return await self._act(request, self._block)

    def _block(self, body: dict[str, Any]) -> dict[str, Any]:
        user = self._messenger.users[body["user_id"]]
        (self._messenger.blocks if body["blocked"] else self._messenger.unblocks)(user)
        return {"blocked": sorted(self._messenger.blocked)}

    async def reset(self, request: Request) -> Response:
        """Empty the conversations."""
        return await self._act(request, self._reset)

    def _reset(self, _body: dict[str, Any]) -> dict[str, Any]:
        self._messenger.empties()
        return {}

    async def attach(self, request: Request) -> Response:
        """Send something else than a text as a person."""
        async with request.form() as form:
            try:
                message = await self._attach(form)
            except (KeyError, ValueError, ApiError):
                return JSONResponse({"error": "unknown chat, member or kind"}, status_code=400)
        return JSONResponse({"message": message})

    async def _attach(self, form: FormData) -> dict[str, Any]:
        user = self._messenger.users[int(str(form["member_id"]))]
        upload, kind = form.get("file"), str(form["kind"])
        content: dict[str, Any] = {}
        if kind == "document" and isinstance(upload, UploadFile):
            name = upload.filename or "document"
            content = self._messenger.keeps_file(name, await upload.read())
        return self._messenger.sends(user, kind, chat=int(str(form["chat_id"])), **content)

    async def file(self, request: Request) -> Response:
        """Give a file that the bot sent."""
        found = self._messenger.files.get(request.path_params["file_id"])
        if found is None:
            return JSONResponse({"error": "no such file"}, status_code=404)
        disposition = f"attachment; filename*=UTF-8''{quote(found[0])}"
        return Response(
            found[1],
            media_type="application/octet-stream",
            headers={"Content-Disposition": disposition},
        )

    async def _act(self, request: Request, act: Any) -> Response:  # noqa: ANN401 - one of the methods above
        # A form could be posted by any site the browser is on; JSON cannot without being asked.
        if not request.headers.get("content-type", "").startswith("application/json"):
            return JSONResponse({"error": "application/json is needed"}, status_code=415)
        try:
            return JSONResponse(act(await request.json()))
        except ApiError as error:
            return JSONResponse({"error": error.description}, status_code=400)
        except (KeyError, TypeError, ValueError):
            return JSONResponse({"error": "a field is missing or wrong"}, status_code=400)


def _person(key: str, user: User) -> dict[str, Any]:
    members = [{"id": user.id, "name": user.name}]
    return {
        "key": key,
        "title": user.name,
        "subtitle": user.subtitle,
        "kind": "private",
        "chat_id": user.id,
        "members": members,
    }


def _group(key: str, group: Group) -> dict[str, Any]:
    return {
        "key": key,
        "title": group.title,
        "subtitle": group.subtitle,
        "kind": "group",
        "chat_id": group.id,
        "members": [{"id": member.id, "name": member.name} for member in group.members],
    }
