/**
 * One JSON line per event, on standard error. Only flat, named facts go in: errors are thrown without tokens, passwords, codes
 * and vendor bodies in their messages.
 */
type LogLevel = "info" | "warn" | "error" | "silent";
export type LogFacts = Record<string, string | number | boolean | undefined>;

const RANK: Record<LogLevel, number> = { info: 1, warn: 2, error: 3, silent: 4 };

export interface Log {
  info(event: string, facts?: LogFacts): void;
  warn(event: string, facts?: LogFacts): void;
  error(event: string, facts?: LogFacts): void;
}

export function createLog(options: { level: LogLevel; write?: (line: string) => void; now?: () => Date }): Log {
  const { level, write = (line) => process.stderr.write(line), now = () => new Date() } = options;
  const at =
    (eventLevel: LogLevel) =>
    (event: string, facts: LogFacts = {}) => {
      if (RANK[eventLevel] < RANK[level]) return;
      write(`${JSON.stringify({ time: now().toISOString(), level: eventLevel, event, ...facts })}\n`);
    };
  return { info: at("info"), warn: at("warn"), error: at("error") };
}

/** Name and message only, never its cause or payload. */
export function errorFacts(error: unknown): LogFacts {
  return error instanceof Error ? { error: error.name, message: error.message } : { error: typeof error };
}
