/**
 * V8 lets its heap grow to several times what is kept, which is faster. A program that mostly waits for others has the time to
 * throw more away, and may run on a small machine.
 */
export function keepHeapSmall(): void {
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=20");
}
