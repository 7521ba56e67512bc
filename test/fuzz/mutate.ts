import fc from "fast-check";

/** What replaces a value. Never another valid one of its kind: that would be a different answer, which might be true. */
const ODD: readonly unknown[] = [
  null,
  "",
  "x",
  "-",
  [],
  {},
  [[]],
  { x: 1 },
  true,
  false,
  "\u0000",
  "1e999",
  "9".repeat(400),
];

export type Mutation = { at: number } & ({ type: "replace"; by: unknown } | { type: "remove" | "wrap" | "double" });

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ at: fc.nat(), type: fc.constant("replace" as const), by: fc.constantFrom(...ODD) }),
  },
  { weight: 3, arbitrary: fc.record({ at: fc.nat(), type: fc.constant("remove" as const) }) },
  { weight: 1, arbitrary: fc.record({ at: fc.nat(), type: fc.constantFrom("wrap" as const, "double" as const) }) },
);

type Place = { parent: Record<string, unknown> | unknown[]; name: string };

/** A copy of the value, changed at one place; `at` counts the places. */
export function mutated(value: unknown, { at, ...how }: Mutation): unknown {
  const root = { value: structuredClone(value) };
  const places = placesIn(root);
  const place = places[at % places.length];
  if (!place) return value;
  const { parent, name } = place;
  const target = parent as Record<string, unknown>;
  if (how.type === "replace") target[name] = how.by;
  else if (how.type === "wrap") target[name] = [target[name]];
  else if (how.type === "double" && Array.isArray(parent))
    parent.splice(Number(name), 0, structuredClone(parent[Number(name)]));
  else if (how.type === "remove" && Array.isArray(parent)) parent.splice(Number(name), 1);
  else if (how.type === "remove") delete target[name];
  return root.value;
}

function placesIn(parent: Record<string, unknown> | unknown[]): Place[] {
  return Object.entries(parent).flatMap(([name, value]) => [
    { parent, name },
    ...(typeof value === "object" && value !== null ? placesIn(value as Record<string, unknown>) : []),
  ]);
}

/** A text that may have been JSON once. */
export type TextMutation = { json: Mutation } | { cut: number } | { whole: string };

export const textMutation: fc.Arbitrary<TextMutation> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ json: mutation }) },
  { weight: 1, arbitrary: fc.record({ cut: fc.nat({ max: 1000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      whole: fc.constantFrom(
        "",
        "null",
        "[]",
        "{}",
        "0",
        '"x"',
        "<!doctype html><h1>Soon</h1>",
        "\ufeff{}",
        "[".repeat(5000),
      ),
    }),
  },
);

export function mutatedText(text: string, how: TextMutation): string {
  if ("whole" in how) return how.whole;
  // In thousandths of its length.
  if ("cut" in how) return text.slice(0, Math.floor((text.length * how.cut) / 1001));
  try {
    return JSON.stringify(mutated(JSON.parse(text), how.json)) ?? "";
  } catch {
    return text;
  }
}
