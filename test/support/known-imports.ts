import { type ResolveFnOutput, registerHooks } from "node:module";

/**
 * vitest asks its main process about each import, also of a module that is loaded already. Much of the program is imported on
 * demand, and each program of a test does it again. So vitest hears of each of our imports once.
 */
const known = new Map<string, ResolveFnOutput>();

registerHooks({
  resolve(specifier, context, next) {
    if (!/^\.\.?\/.*\.ts$/.test(specifier)) return next(specifier, context);
    const key = `${specifier} ${context.parentURL}`;
    const found = known.get(key) ?? { ...next(specifier, context), shortCircuit: true };
    known.set(key, found);
    return found;
  },
});
