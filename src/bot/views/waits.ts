import type { Summary } from "../../sync/status/summary.ts";
import type { Words } from "../words/words.ts";

type Waiting = Pick<Summary["waiting"], "held" | "failed"> & Partial<Pick<Summary["waiting"], "gone">>;

export function waitsForYou({ held, failed, gone = 0 }: Waiting, { summary: say }: Words): string[] {
  const counted = [
    ...(held > 0 ? [say.held(held)] : []),
    ...(failed > 0 ? [say.notStored(failed)] : []),
    ...(gone > 0 ? [say.gone(gone)] : []),
  ];
  return counted.length > 0 ? [say.waits(counted, held + failed + gone)] : [];
}
