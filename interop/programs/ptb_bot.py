"""A bot on python-telegram-bot and its HTTPXRequest: ``interop/__main__.py`` plays the person."""

import asyncio
import os

from telegram import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import RetryAfter
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)
from telegram.request import HTTPXRequest


async def start(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """Answer with a button."""
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Go", callback_data="go")]])
    await update.message.reply_text("Ready", reply_markup=keyboard, do_quote=True)


async def go(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """Answer, edit, upload, and wait where it is asked for."""
    message = update.callback_query.message
    await update.callback_query.answer("Gone")
    await message.edit_text("<b>Done</b>", parse_mode="HTML")
    await message.reply_document("été".encode(), filename="notes.txt", caption="File")
    try:
        await message.reply_text("Late")
    except RetryAfter as error:
        wait = error.retry_after
        await asyncio.sleep(wait if isinstance(wait, (int, float)) else wait.total_seconds())
        await message.reply_text("Late")


async def stop(_update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """End the program."""
    context.application.stop_running()


async def commands(application: Application) -> None:
    """Say what can be asked."""
    await application.bot.set_my_commands([BotCommand("start", "Begin")])


root = os.environ["API_ROOT"]
application = (
    Application.builder()
    .token(os.environ["BOT_TOKEN"])
    .base_url(f"{root}/bot")
    .base_file_url(f"{root}/file/bot")
    .request(HTTPXRequest())
    .post_init(commands)
    .build()
)
application.add_handler(CommandHandler("start", start))
application.add_handler(CallbackQueryHandler(go, "go"))
application.add_handler(MessageHandler(filters.Text(["stop"]), stop))
application.run_polling()
