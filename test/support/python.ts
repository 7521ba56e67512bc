import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const HERE = import.meta.dirname;
const CACHE = path.resolve(HERE, "../../node_modules/.cache/python");
/** The latest python-garminconnect refuses older ones. */
const AT_LEAST = "3.12";

/** The message says in one sentence why this machine can't run what needs Python. */
export class CannotRun extends Error {}

/**
 * The interpreter of a virtual environment called `name` that has these requirements. It is made unless the last run's is still
 * right. @throws CannotRun
 */
export function pythonWith(name: string, requirements: string, say: (line: string) => void): string {
  const base = onThisMachine() ?? fromDebian(say);
  const folder = path.join(CACHE, name);
  const python = path.join(folder, "bin/python");
  const stamp = path.join(folder, "made-of");
  const madeOf = createHash("sha256")
    .update([readFileSync(requirements, "utf8"), base.python, base.version, folder].join("\n"))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === madeOf) return python;

  say(`Installing ${path.relative(".", requirements)} for Python ${base.version} (${base.python}).`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  try {
    const pip = base.pip ? [base.pip] : ["-m", "pip"];
    run(base.python, ["-m", "venv", ...(base.pip ? ["--without-pip"] : []), folder]);
    const quietly = ["--quiet", "--disable-pip-version-check", "--no-input"];
    run(python, [...pip, "install", ...quietly, "--requirement", requirements]);
  } catch (error) {
    throw new CannotRun(`${path.relative(".", requirements)} could not be installed: ${lastLine(error)}`);
  }
  writeFileSync(stamp, madeOf);
  return python;
}

interface Base {
  python: string;
  version: string;
  /** If Python has none of its own. */
  pip?: string;
}

function onThisMachine(): Base | undefined {
  const names = [process.env.PYTHON, "python3", "python3.15", "python3.14", "python3.13", "python3.12"];
  for (const name of names) {
    const version = name && versionOf(name);
    if (name && version) return { python: name, version };
  }
  return undefined;
}

/** Undefined if it is too old or can't make a virtual environment. */
function versionOf(python: string): string | undefined {
  const minor = AT_LEAST.replace(".", ", ");
  const code = `import sys, venv, ensurepip; assert sys.version_info >= (${minor}); print(sys.version.split()[0])`;
  try {
    return run(python, ["-c", code]).trim();
  } catch {
    return undefined;
  }
}

function fromDebian(say: (line: string) => void): Base {
  const folder = path.join(CACHE, "debian-python");
  const python = path.join(folder, "usr/bin/python3");
  if (!versionOf(python)) {
    say(`There is no Python ${AT_LEAST} here. Unpacking Debian's into ${folder}.`);
    try {
      run(path.join(HERE, "debian-python.sh"), [folder]);
    } catch (error) {
      throw new CannotRun(
        `There is no Python ${AT_LEAST} or newer here, and getting Debian's failed: ${lastLine(error)}`,
      );
    }
  }
  const wheels = path.join(folder, "usr/share/python-wheels");
  const pip = readdirSync(wheels).find((name) => /^pip-.*\.whl$/.test(name));
  return { python, version: versionOf(python) ?? "?", pip: path.join(wheels, pip ?? "", "pip") };
}

function run(command: string, args: string[]): string {
  return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function lastLine(error: unknown): string {
  const text = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
  return text.trim().split("\n").at(-1) || String(error);
}
