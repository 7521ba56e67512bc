import { createFunction, type FunctionOptions, type FunctionProcess } from "./function-process.ts";

/** A function with as many processes as it has things to do at once, as AWS runs it. */
export interface Fleet {
  invoke(event: unknown): Promise<unknown>;
  /** Whether every event finds a new process. */
  isFresh: boolean;
  /** At once, whatever they do. The next event finds a new process. */
  kill(): Promise<void>;
  /** From now on processes start from this folder, as after a deployment. Those that work on something end it. */
  deploy(folder: string): void;
  /** What was logged, by all processes. */
  logged(): Array<Record<string, unknown>>;
  /** Every line that was written, by all processes. */
  lines(): string[];
  /** How many processes there have been. */
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
