/** What each program does, beside the calls of its library: `interop/__main__.py` plays the person. */

export const API_ROOT = process.env.API_ROOT;
export const TOKEN = process.env.BOT_TOKEN;
export const COMMANDS = [{ command: "start", description: "Begin" }];
export const BUTTON = { text: "Go", data: "go" };
export const FILE = { name: "notes.txt", content: Buffer.from("été") };

const seconds = (count) => new Promise((done) => setTimeout(done, count * 1000));

/** Does something again after the wait that the library's error names. */
export async function patiently(action, waitOf) {
  try {
    return await action();
  } catch (error) {
    const wait = waitOf(error);
    if (!wait) throw error;
    await seconds(wait);
    return action();
  }
}

/** Ends the program with a failure that the report shows. */
export function fail(error) {
  console.error(error);
  process.exit(1);
}

process.on("unhandledRejection", fail);
