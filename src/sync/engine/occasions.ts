/** People take their blood pressure two or three times in a row: that is one occasion. */
const OCCASION_MS = 12 * 3600 * 1000;
const OCCASIONS = 9;

export function occasions(before: readonly Date[], times: readonly Date[], now: Date): Date[] {
  const sorted = [...before, ...times].filter((it) => it <= now).sort((a, b) => a.getTime() - b.getTime());
  const kept: Date[] = [];
  for (const at of sorted) {
    const last = kept.at(-1);
    if (!last || at.getTime() - last.getTime() >= OCCASION_MS) kept.push(at);
  }
  return kept.slice(-OCCASIONS);
}
