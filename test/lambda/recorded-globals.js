/** Loaded before a function: each use of these globals becomes a line with the place it came from. */
for (const name of ["Request", "Response", "Headers", "FormData", "fetch"]) {
  const { get, value } = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      process.stderr.write(`${JSON.stringify({ uses: name, from: new Error().stack })}\n`);
      return get ? get.call(globalThis) : value;
    },
  });
}
