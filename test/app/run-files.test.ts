import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { createRunFiles } from "../../src/app/run-files.ts";
import { systemClock } from "../../src/lib/clock.ts";

test("the program starts and ends even if its run files can be neither written nor removed", () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), "run-files-"));
  try {
    // Folders in place of files: not even root can write to them.
    for (const name of ["running", "last-sweep", "told-why-not"]) mkdirSync(path.join(dataDir, name));
    const files = createRunFiles({ engine: "sqlite", tableName: "weighbridge", dataDir }, systemClock);
    expect(files.begun()).toBe(1);
    expect(() => {
      files.swept();
      files.forget("why-not");
      files.endedInOrder();
    }).not.toThrow();
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});
