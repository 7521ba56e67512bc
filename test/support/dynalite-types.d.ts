/** The little of dynalite that tests use; the package brings no types. */
declare module "dynalite" {
  import type { Server } from "node:http";

  function dynalite(options?: { createTableMs?: number; deleteTableMs?: number; updateTableMs?: number }): Server;
  export = dynalite;
}
