import TelegramBot from "node-telegram-bot-api-1";
import { API_ROOT, BUTTON, COMMANDS, FILE, TOKEN, patiently } from "./script.mjs";

const bot = new TelegramBot(TOKEN, { baseApiUrl: API_ROOT, polling: { params: { timeout: 10 } } });
bot.onText(/^\/start/, ({ chat, message_id }) =>
  bot.sendMessage(chat.id, "Ready", {
    reply_markup: { inline_keyboard: [[{ text: BUTTON.text, callback_data: BUTTON.data }]] },
    reply_to_message_id: message_id,
    disable_web_page_preview: true,
  }));
bot.on("callback_query", async ({ id, message: { chat, message_id } }) => {
  await bot.answerCallbackQuery(id, { text: "Gone" });
  await bot.editMessageText("<b>Done</b>", { chat_id: chat.id, message_id, parse_mode: "HTML" });
  await bot.sendDocument(chat.id, FILE.content, { caption: "File" }, { filename: FILE.name, contentType: "text/plain" });
  await patiently(
    () => bot.sendMessage(chat.id, "Late"),
    ({ response }) => Number(response.headers["retry-after"]),
  );
});
bot.onText(/^stop$/, () => bot.stopPolling());
await bot.getMe();
await bot.setMyCommands(COMMANDS);
