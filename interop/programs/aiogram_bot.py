"""A bot on aiogram: ``interop/__main__.py`` plays the person."""

import asyncio
import os

from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramRetryAfter
from aiogram.filters import CommandStart
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    ReplyParameters,
)

dispatcher = Dispatcher()


@dispatcher.message(CommandStart())
async def start(message: Message) -> None:
    """Answer with a button."""
    button = InlineKeyboardButton(text="Go", callback_data="go")
    await message.answer(
        "Ready",
        reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]]),
        reply_parameters=ReplyParameters(message_id=message.message_id),
    )


@dispatcher.callback_query(F.data == "go")
async def go(query: CallbackQuery) -> None:
    """Answer, edit, upload, and wait where it is asked for."""
    message = query.message
    await query.answer("Gone")
    await message.edit_text("<b>Done</b>", parse_mode="HTML")
    file = BufferedInputFile("été".encode(), "notes.txt")
    await message.answer_document(file, caption="File")
    try:
        await message.answer("Late")
    except TelegramRetryAfter as error:
        await asyncio.sleep(error.retry_after)
        await message.answer("Late")


@dispatcher.message(F.text == "stop")
async def stop(_message: Message) -> None:
    """End the program."""
    await dispatcher.stop_polling()


async def main() -> None:
    """Run until told to stop."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(os.environ["API_ROOT"]))
    bot = Bot(os.environ["BOT_TOKEN"], session=session)
    await bot.set_my_commands([BotCommand(command="start", description="Begin")])
    await dispatcher.start_polling(bot)


asyncio.run(main())
