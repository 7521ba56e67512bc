import { createFunction, type FunctionOptions, type FunctionProcess } from "./function-process.ts";

/** A function with as many processes as it has events at once, as AWS runs it. */
export interface Fleet {
  invoke(event: unknown): Promise<unknown>;
  /** Whether every event gets a new process. */
  isFresh: boolean;
  /** At once. The next event gets a new process. */
  kill(): Promise<void>;
  /** New processes start from this folder, as after a deployment. Those at work finish first. */
  deploy(folder: string): void;
  logged(): Array<Record<string, unknown>>;
  /** Every line that any process wrote. */
  lines(): string[];
  starts(): number;
  close(): Promise<void>;
}

export function createFleet(options: FunctionOptions): Fleet {
  const all: FunctionProcess[] = [];
  let free: FunctionProcess[] = [];
  let isFresh = false;
  let { folder } = options;
  const lines = () => all.flatMap((each) => each.lines);

  return {
    get isFresh() {
      return isFresh;
    },
    set isFresh(value) {
      isFresh = value;
    },
    async invoke(event) {
      const current = folder;
      let taken = free.pop();
      if (!taken) {
        taken = createFunction({ ...options, folder: current });
        all.push(taken);
      }
      try {
        return await taken.invoke(event);
      } finally {
        if (isFresh) await taken.kill();
        if (current === folder) free.push(taken);
      }
    },
    async kill() {
      await Promise.all(all.map((each) => each.kill()));
    },
    deploy(to) {
      folder = to;
      free = [];
    },
    lines,
    logged: () => lines().flatMap((line) => (line.startsWith('{"time"') ? [JSON.parse(line)] : [])),
    starts: () => all.reduce((sum, each) => sum + each.starts, 0),
    async close() {
      await Promise.all(all.map((each) => each.close()));
    },
  };
}
