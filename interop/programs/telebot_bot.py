"""A bot on pyTelegramBotAPI: ``interop/__main__.py`` plays the person."""

import os
import threading
import time
from io import BytesIO

import telebot
from telebot import apihelper
from telebot.types import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, InputFile

root = os.environ["API_ROOT"]
apihelper.API_URL = root + "/bot{0}/{1}"
apihelper.FILE_URL = root + "/file/bot{0}/{1}"
bot = telebot.TeleBot(os.environ["BOT_TOKEN"], disable_web_page_preview=True)


@bot.message_handler(commands=["start"])
def start(message: telebot.types.Message) -> None:
    """Answer with a button."""
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Go", callback_data="go")]])
    bot.reply_to(message, "Ready", reply_markup=keyboard)


@bot.callback_query_handler(func=lambda query: query.data == "go")
def go(query: telebot.types.CallbackQuery) -> None:
    """Answer, edit, upload, and wait where it is asked for."""
    chat, number = query.message.chat.id, query.message.message_id
    bot.answer_callback_query(query.id, "Gone")
    bot.edit_message_text("<b>Done</b>", chat, number, parse_mode="html")
    file = InputFile(BytesIO("été".encode()))
    bot.send_document(chat, file, caption="File", visible_file_name="notes.txt")
    try:
        bot.send_message(chat, "Late")
    except apihelper.ApiTelegramException as error:
        time.sleep(error.result_json["parameters"]["retry_after"])
        bot.send_message(chat, "Late")


@bot.message_handler(func=lambda message: message.text == "stop")
def stop(_message: telebot.types.Message) -> None:
    """End the program; not from within a handler, whose end it would wait for."""
    threading.Thread(target=bot.stop_bot).start()


bot.get_me()
bot.set_my_commands([BotCommand("start", "Begin")])
bot.infinity_polling(timeout=10, long_polling_timeout=10)
