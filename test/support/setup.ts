// By imports, because vitest runs this file again for each test file, and these once.
import "../../bin/one-grammy.js";
import "./known-imports.ts";
