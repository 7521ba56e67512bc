/** Loaded before a function, whose machine's clock is then ahead of this one's by CLOCK_AHEAD_SECONDS. */
const aheadMs = Number(process.env.CLOCK_AHEAD_SECONDS) * 1000;
const realNow = Date.now.bind(Date);
const now = () => realNow() + aheadMs;

if (aheadMs !== 0) {
  // With a subclass, dates that Node makes wouldn't be instances of it.
  globalThis.Date = new Proxy(Date, {
    construct: (date, args, self) => Reflect.construct(date, args.length === 0 ? [now()] : args, self),
    get: (date, name) => (name === "now" ? now : Reflect.get(date, name)),
  });
}
