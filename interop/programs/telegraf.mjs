import { Input, Markup, Telegraf } from "telegraf";
import { API_ROOT, BUTTON, COMMANDS, FILE, TOKEN, fail, patiently } from "./script.mjs";

const bot = new Telegraf(TOKEN, { telegram: { apiRoot: API_ROOT } });
bot.catch(fail);
bot.start((ctx) =>
  ctx.reply("Ready", {
    ...Markup.inlineKeyboard([Markup.button.callback(BUTTON.text, BUTTON.data)]),
    reply_parameters: { message_id: ctx.message.message_id },
  }));
bot.action(BUTTON.data, async (ctx) => {
  await ctx.answerCbQuery("Gone");
  await ctx.editMessageText("<b>Done</b>", { parse_mode: "HTML" });
  await ctx.replyWithDocument(Input.fromBuffer(FILE.content, FILE.name), { caption: "File" });
  await patiently(() => ctx.reply("Late"), (error) => error.parameters?.retry_after);
});
bot.hears("stop", () => bot.stop());
await bot.telegram.setMyCommands(COMMANDS);
await bot.launch();
