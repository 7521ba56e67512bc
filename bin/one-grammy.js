// One grammY in the whole program, its web build. `@grammyjs/conversations` asks for "grammy", which on Node is another build
// with an HTTP client of its own: the bot's retries would not apply in conversations, its errors would be of other classes, and
// a failed request would put the bot's token into the stored conversation.
import { registerHooks } from "node:module";

const webBuild = import.meta.resolve("grammy/web");

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "grammy" ? { url: webBuild, shortCircuit: true } : next(specifier, context),
});
