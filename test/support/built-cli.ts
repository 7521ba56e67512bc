import { upToDateBuild } from "../../bin/built.js";

/** Before all tests that start the program: each would make the build by itself, at once. */
export async function setup(): Promise<void> {
  await upToDateBuild();
}
