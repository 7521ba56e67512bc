import fc from "fast-check";

/** The same cases every time. `npm run test:chaos` sets other ones, and more of them. */
const seed = Number(process.env.FUZZ_SEED ?? 20_261_121);
const times = Number(process.env.FUZZ_TIMES ?? 1);

export const cases = (count: number) => ({ seed, numRuns: count * times });

/** Parts of what is expected, beside what isn't: most cases get beyond the first check. */
export const textLike = (parts: readonly string[]): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        fc.constantFrom(...parts),
        fc.string({ unit: "grapheme", maxLength: 12 }),
        fc.string({ unit: "binary", maxLength: 12 }),
      ),
      {
        maxLength: 8,
      },
    )
    .map((all) => all.join(""));
