/** In a bundle, each of these files is beside it: `build/bundle.ts` puts them there. */
const here = (file: string) => new URL(import.meta.resolve(file));

export const RENDERER = here("@resvg/resvg-wasm/index_bg.wasm");
export const FONTS = [here("./font/Inter-Medium.ttf"), here("./font/Inter-SemiBold.ttf")];
