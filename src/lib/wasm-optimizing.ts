import { setFlagsFromString } from "node:v8";

/**
 * Whether V8 compiles WebAssembly a second time, for speed, where it runs much. Off for a moment only: with other flags than at its
 * start, V8 refuses what was compiled before, of Node's own modules and of ours.
 */
export function setWasmOptimizing(is: boolean): void {
  for (const name of ["wasm-tier-up", "wasm-dynamic-tiering"]) setFlagsFromString(is ? `--${name}` : `--no-${name}`);
}
