import { Bot, InlineKeyboard, MediaUpload } from "gramio";
import { API_ROOT, BUTTON, COMMANDS, FILE, TOKEN, fail, patiently } from "./script.mjs";

const bot = new Bot(TOKEN, { api: { baseURL: `${API_ROOT}/bot` } });
bot.onError(({ error }) => fail(error));
bot.command("start", (ctx) =>
  ctx.send("Ready", {
    reply_markup: new InlineKeyboard().text(BUTTON.text, BUTTON.data),
    reply_parameters: { message_id: ctx.id },
  }));
bot.on("callback_query", async (ctx) => {
  const chat_id = ctx.message.chat.id;
  const document = MediaUpload.buffer(FILE.content, FILE.name);
  await ctx.answer("Gone");
  await bot.api.editMessageText({ chat_id, message_id: ctx.message.id, text: "<b>Done</b>", parse_mode: "HTML" });
  await bot.api.sendDocument({ chat_id, document, caption: "File" });
  await patiently(
    () => bot.api.sendMessage({ chat_id, text: "Late" }),
    (error) => error.payload?.retry_after,
  );
});
bot.hears("stop", () => bot.stop());
await bot.api.setMyCommands({ commands: COMMANDS });
await bot.start();
