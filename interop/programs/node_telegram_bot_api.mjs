import { Bot, InlineKeyboardBuilder, InputFile } from "node-telegram-bot-api";
import { API_ROOT, BUTTON, COMMANDS, FILE, TOKEN, fail } from "./script.mjs";

// It waits and tries again by itself where it is told to.
const bot = new Bot(TOKEN, { apiRoot: API_ROOT });
bot.catch(fail);
bot.command("start", (ctx) =>
  ctx.reply("Ready", {
    reply_markup: new InlineKeyboardBuilder().text(BUTTON.text, BUTTON.data).build(),
    reply_parameters: { message_id: ctx.message.message_id },
  }));
bot.on("callback_query", async (ctx) => {
  const { chat, message_id } = ctx.callbackQuery.message;
  const document = new InputFile(FILE.content, { filename: FILE.name });
  await ctx.answerCallbackQuery({ text: "Gone" });
  await bot.api.editMessageText({ chat_id: chat.id, message_id, text: "<b>Done</b>", parse_mode: "HTML" });
  await bot.api.sendDocument({ chat_id: chat.id, document, caption: "File" });
  await bot.api.sendMessage({ chat_id: chat.id, text: "Late" });
});
bot.hears(/^stop$/, () => bot.stop());
await bot.api.getMe();
await bot.api.setMyCommands({ commands: COMMANDS });
await bot.startPolling();
