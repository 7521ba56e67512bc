// The build of the command line: where it is, whether it is up to date, and how it is made. For bin/weighbridge.js.

// An import would load all that node:fs can do, which takes as long as everything else here.
const { accessSync, constants, existsSync, readFileSync, renameSync, statSync, writeFileSync } =
  process.getBuiltinModule("node:fs");
const path = process.getBuiltinModule("node:path");
const ROOT = path.join(import.meta.dirname, "..");
export const BUILDS = path.join(ROOT, ".build/cli");
const NOTE = path.join(BUILDS, "built.json");
/** Times of files lag a little behind the clock. */
const LAG_MS = 50;

/** The folder of a build of these sources, made now if need be. Undefined where it can't be, as without esbuild. */
export async function upToDateBuild() {
  const built = readNote();
  if (built && isUpToDate(built)) return folderOf(built);
  if (!canBuild()) return undefined;
  const { spawnSync } = await import("node:child_process");
  // Not in this process: esbuild's memory would stay.
  spawnSync(process.execPath, [path.join(ROOT, "build/cli.ts")], { stdio: "ignore" });
  const remade = readNote();
  return remade && isUpToDate(remade) ? folderOf(remade) : undefined;
}

const folderOf = ({ name }) => path.join(BUILDS, name);

function readNote() {
  try {
    const note = JSON.parse(readFileSync(NOTE, "utf8"));
    return existsSync(path.join(folderOf(note), "index.mjs")) ? note : undefined;
  } catch {
    return undefined;
  }
}

/** `note` has the name of the build's folder, its sources, a digest of their contents, and when that was right. */
export function writeNote(note) {
  const file = `${NOTE}.${process.pid}`;
  writeFileSync(file, JSON.stringify(note));
  renameSync(file, NOTE);
}

function isUpToDate(note) {
  // An image has no sources.
  if (!existsSync(path.join(ROOT, "src/cli.ts"))) return true;
  if (!hasChanged(note.sources, note.at)) return true;
  const at = Date.now();
  // Copied, or checked out again.
  if (digestOf(note.sources) !== note.digest) return false;
  if (isWritable(BUILDS)) writeNote({ ...note, at });
  return true;
}

/** Whether one of the files may have been written, renamed or copied here since: by a time that nobody can set back. */
export const hasChanged = (sources, sinceMs) =>
  sources.some((file) => statSync(`${ROOT}/${file}`, { throwIfNoEntry: false })?.ctimeMs > sinceMs - LAG_MS);

export function digestOf(sources) {
  const hash = process.getBuiltinModule("node:crypto").createHash("sha256");
  for (const file of sources) {
    const at = path.join(ROOT, file);
    hash.update(`${file}\0`).update(existsSync(at) ? readFileSync(at) : "");
  }
  return hash.digest("hex");
}

const canBuild = () =>
  existsSync(path.join(ROOT, "node_modules/esbuild/package.json")) &&
  isWritable([BUILDS, path.dirname(BUILDS), ROOT].find((folder) => existsSync(folder)));

function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
