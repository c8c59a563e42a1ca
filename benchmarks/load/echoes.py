"""Bots that only repeat messages: ``python -m benchmarks.load.echoes KIND API_URL``.

Kinds: ``ptb`` (python-telegram-bot on its default transport), ``ptb-at-once`` (the same with
concurrent updates, 256 at most), ``aiogram``, ``socket`` (Python without any library); and
``ptb-webhook`` and ``aiogram-webhook``, whose webhook is that of our bot's settings.
"""

import asyncio
import json
import os
import sys
from typing import Any
from urllib.parse import urlsplit

# The max_connections of our bot (Bot API, setWebhook: 100 at most).
_POSTS_AT_ONCE = 100
TOKEN = "1:bench"  # noqa: S105 - opens the benchmark's own server


def ptb(api: str, *, at_once: bool = False, posted: bool = False) -> None:
    """Run python-telegram-bot by polling, or by webhook if ``posted``."""
    from telegram import Update  # noqa: PLC0415 - each kind imports its own library only
    from telegram.ext import Application, ContextTypes, MessageHandler, filters  # noqa: PLC0415

    async def echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        if update.message:
            await update.message.reply_text(update.message.text or "")

    builder = Application.builder().token(TOKEN).base_url(f"{api}/bot")
    if at_once:
        builder = builder.concurrent_updates(256).connection_pool_size(256).pool_timeout(30)
    application = builder.build()
    application.add_handler(MessageHandler(filters.TEXT, echo))
    if posted:
        hook = _Hook()
        application.run_webhook(
            hook.host,
            hook.port,
            hook.path,
            webhook_url=hook.url,
            secret_token=hook.secret,
            max_connections=_POSTS_AT_ONCE,
        )
    else:
        application.run_polling(timeout=1)


class _Hook:
    """The webhook's address and secret, read from the variables of our own settings."""

    def __init__(self) -> None:
        self.url, self.secret = os.environ["WEBHOOK_URL"], os.environ["WEBHOOK_SECRET"]
        self.host, self.port = "127.0.0.1", int(os.environ["LISTEN_PORT"])
        self.path = urlsplit(self.url).path


def aiogram(api: str, *, posted: bool = False) -> None:
    """Run aiogram by polling or webhook as in its documentation: each update is a task."""
    from aiogram import Bot, Dispatcher  # noqa: PLC0415
    from aiogram.client.session.aiohttp import AiohttpSession  # noqa: PLC0415
    from aiogram.client.telegram import TelegramAPIServer  # noqa: PLC0415
    from aiogram.types import Message  # noqa: PLC0415

    dispatcher = Dispatcher()

    @dispatcher.message()
    async def echo(message: Message) -> None:
        await message.answer(message.text or "")

    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(api)))
    if not posted:
        asyncio.run(dispatcher.start_polling(bot, polling_timeout=1))
        return

    from aiogram.webhook import aiohttp_server  # noqa: PLC0415
    from aiohttp import web  # noqa: PLC0415

    hook = _Hook()

    async def register() -> None:
        await bot.set_webhook(hook.url, secret_token=hook.secret, max_connections=_POSTS_AT_ONCE)

    dispatcher.startup.register(register)
    application = web.Application()
    handler = aiohttp_server.SimpleRequestHandler(dispatcher, bot, secret_token=hook.secret)
    handler.register(application, path=hook.path)
    aiohttp_server.setup_application(application, dispatcher, bot=bot)
    web.run_app(application, host=hook.host, port=hook.port, print=None)


def socket(api: str) -> None:
    """Poll with bare sockets: one connection to fetch, sixty-four to answer."""
    asyncio.run(_socket(api))


async def _socket(api: str) -> None:
    host, port = urlsplit(api).hostname, urlsplit(api).port
    reader, writer = await asyncio.open_connection(host, port)
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(64):
        free.put_nowait(await asyncio.open_connection(host, port))
    offset, tasks = 0, set()

    async def answer(chat: int, text: str) -> None:
        connection = await free.get()
        await _call(*connection, "sendMessage", {"chat_id": chat, "text": text})
        free.put_nowait(connection)

    while True:
        for update in await _call(reader, writer, "getUpdates", {"offset": offset, "timeout": 1}):
            offset = update["update_id"] + 1
            message = update["message"]
            task = asyncio.create_task(answer(message["chat"]["id"], message["text"]))
            tasks.add(task)
            task.add_done_callback(tasks.discard)


async def _call(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    method: str,
    values: dict[str, object],
) -> Any:  # noqa: ANN401 - the Bot API's
    body = json.dumps(values).encode()
    head = f"POST /bot{TOKEN}/{method} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    length = 0
    while (line := await reader.readline()).strip():
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return json.loads(await reader.readexactly(length))["result"]


def main() -> None:
    """Run one kind of echo bot."""
    kind, api = sys.argv[1:3]
    kinds = {
        "ptb": lambda: ptb(api),
        "ptb-at-once": lambda: ptb(api, at_once=True),
        "ptb-webhook": lambda: ptb(api, posted=True),
        "aiogram": lambda: aiogram(api),
        "aiogram-webhook": lambda: aiogram(api, posted=True),
        "socket": lambda: socket(api),
    }
    kinds[kind]()


if __name__ == "__main__":
    main()
