import { readFile } from "node:fs/promises";
import type { InitInput, Resvg } from "@resvg/resvg-wasm";
import { encodePng } from "../../lib/png.ts";
import { setWasmOptimizing } from "../../lib/wasm-optimizing.ts";
import { FONTS, RENDERER } from "./assets.ts";
import { FONT } from "./theme.ts";

/** Node's types leave it to a browser's. */
declare const WebAssembly: { Module: new (code: Uint8Array) => InitInput };

type Renderer = (svg: string) => Uint8Array;
let renderer: Promise<Renderer> | undefined;

/** The picture of an SVG as PNG, in the size that its root element says. Text in any font but ours is left out. */
export async function rasterize(svg: string): Promise<Uint8Array> {
  renderer ??= load().catch((error: unknown) => {
    // The next picture tries again.
    renderer = undefined;
    throw error;
  });
  return (await renderer)(svg);
}

async function load(): Promise<Renderer> {
  const [{ initWasm, Resvg }, wasm, ...fontBuffers] = await Promise.all([
    import("@resvg/resvg-wasm"),
    readFile(RENDERER),
    ...FONTS.map((font) => readFile(font)),
  ]);
  await initWasm(unoptimized(() => new WebAssembly.Module(wasm)));
  return (svg) => unoptimized(() => drawn(new Resvg(svg, { font: { fontBuffers, defaultFontFamily: FONT } })));
}

function drawn(drawing: InstanceType<typeof Resvg>): Buffer {
  const image = drawing.render();
  try {
    const { width, height, pixels } = image;
    const bytes = width * 4;
    const lines = Buffer.alloc(height * (1 + bytes));
    for (let y = 0; y < height; y++) {
      lines.set(pixels.subarray(y * bytes, (y + 1) * bytes), y * (1 + bytes) + 1);
    }
    // The renderer's own encoder takes three times as long as it takes to draw.
    return encodePng({ width, height }, "rgba8", lines);
  } finally {
    // Nothing else frees what WebAssembly holds.
    image.free();
    drawing.free();
  }
}

/**
 * V8 would optimize the renderer while it draws: 400 ms of CPU and 60 MB of a process, to save 15 ms a picture. It decides that with
 * each function that runs for the first time, so it's off whenever we draw. `work` isn't asynchronous: nothing else runs meanwhile.
 */
function unoptimized<T>(work: () => T): T {
  setWasmOptimizing(false);
  try {
    return work();
  } finally {
    setWasmOptimizing(true);
  }
}
