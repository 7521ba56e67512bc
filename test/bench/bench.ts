/** What load, growth and a month cost: `npm run bench` for everything, `npm run bench -- chat` for one scene. */
const SCENES: Record<string, () => Promise<unknown>> = {
  sync: async () => (await import("./sync.ts")).syncScenes(),
  sweep: async () => (await import("./sweep.ts")).sweepScenes(),
  chat: async () => (await import("./chat.ts")).chatScene(),
  queue: async () => (await import("./queue.ts")).queueScene(),
  scale: async () => (await import("./scale.ts")).scaleScene(),
  month: async () => (await import("./month.ts")).monthScene(),
  cold: async () => (await import("./cold.ts")).coldScene(),
  cli: async () => (await import("./cli.ts")).cliScene(),
  pictures: async () => (await import("./pictures.ts")).picturesScene(),
  pi: async () => (await import("./pi.ts")).piScene(),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in SCENES));
if (unknown.length > 0) {
  console.error(`There is no scene ${unknown.join(", ")}. There are: ${Object.keys(SCENES).join(", ")}.`);
  process.exit(1);
}
for (const [name, play] of Object.entries(SCENES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const startedMs = performance.now();
  await play();
  console.log(`(${name}: ${((performance.now() - startedMs) / 1000).toFixed(0)} s)`);
}
