export const WIDTH = 1200;
export const HEIGHT = 1080;
export const MARGIN = 56;
export const LABEL_SIZE = 32;

export interface Area {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Of a value within a range of values, along a range of pixels. */
export function scale([from, to]: [number, number], [start, end]: [number, number]): (value: number) => number {
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

/** In ems of our font, by kind of letter; a little more rather than less. */
const WIDTHS: Array<[RegExp, number]> = [
  [/[ijltfr\u{a0}.,:;|!'\u2019()[\]/ ]/u, 0.34],
  [/[mwMWØ%@\u2013\u2014]/, 0.93],
  [/[A-ZÄÖÜ]/, 0.71],
  [/\d/, 0.65],
];

/** About how wide a text is. */
export function textWidth(content: string, size: number): number {
  const ems = [...content].map((letter) => WIDTHS.find(([kind]) => kind.test(letter))?.[1] ?? 0.6);
  return ems.reduce((sum, em) => sum + em, 0) * size;
}
