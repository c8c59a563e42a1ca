import { Bot, InlineKeyboard, InputFile } from "grammy";
import { API_ROOT, BUTTON, COMMANDS, FILE, TOKEN, fail, patiently } from "./script.mjs";

const bot = new Bot(TOKEN, { client: { apiRoot: API_ROOT } });
bot.catch(({ error }) => fail(error));
bot.command("start", (ctx) =>
  ctx.reply("Ready", {
    reply_markup: new InlineKeyboard().text(BUTTON.text, BUTTON.data),
    reply_parameters: { message_id: ctx.msg.message_id },
  }));
bot.callbackQuery(BUTTON.data, async (ctx) => {
  await ctx.answerCallbackQuery({ text: "Gone" });
  await ctx.editMessageText("<b>Done</b>", { parse_mode: "HTML" });
  await ctx.replyWithDocument(new InputFile(FILE.content, FILE.name), { caption: "File" });
  await patiently(() => ctx.reply("Late"), (error) => error.parameters?.retry_after);
});
bot.hears("stop", () => bot.stop());
await bot.api.setMyCommands(COMMANDS);
await bot.start({ allowed_updates: ["message", "callback_query", "not_yet_invented"] });
