import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";

/** Also given as text: some of Garmin's entries come from other programs. Undefined if it isn't a number. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

/** A delete key. With more digits than a number can hold, it would name another entry. */
export function keyOf(value: unknown): string | undefined {
  if (typeof value === "string") return /^\d+$/.test(value) ? value : undefined;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

export function calendarDateOf(value: unknown): string | undefined {
  return typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) ? value : undefined;
}

export const Loose = lazy(() => z.record(z.string(), z.unknown()));
export type Loose = z.infer<ReturnType<typeof Loose>>;

/** A day that counts entries but lists none gets one without fields, because something is there that can't be read. */
export function entriesOfDay(list: unknown, counted: unknown): unknown[] {
  if (Array.isArray(list) && list.length > 0) return list;
  const isStrange = list != null && !Array.isArray(list);
  return isStrange || (numberOf(counted) ?? 0) > 0 ? [{}] : [];
}

export function unreadFields(fields: Record<string, unknown>): string {
  const unread = Object.entries(fields).filter(([, value]) => value === undefined);
  return unread.map(([name]) => `${name}: unreadable`).join(", ");
}
