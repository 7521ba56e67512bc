/** undici has types for its index only. */
declare module "undici/lib/util/timers.js" {
  const timers: {
    setFastTimeout(callback: () => void, milliseconds: number): object;
    clearFastTimeout(timer: object): void;
  };
  export = timers;
}
