// How far limits are used, in words and in parts of the whole.
import { moment, number } from "../app/format";
import type { Language } from "../app/preferences.svelte";
import { money } from "./card";

/** One thing that a limit counts, as the server tells it. */
export interface Standing {
  limit: string;
  kind: string;
  name: string;
  tenant?: string;
  account?: string;
  what: string;
  most: number;
  used: number;
  reserved: number;
  left: number;
  currency?: string;
  per?: "day" | "week" | "month";
  until?: string;
  free?: string;
}

/** What a limit is of: a person's part of one that each has alone, or all of it. */
export const isBudget = (standing: Standing): boolean => standing.per !== undefined || standing.what.startsWith("budget");

/** An amount in its unit. */
export function amount(value: number, standing: Standing, language: Language): string {
  return standing.currency ? money(value, standing.currency, language) : number(Math.round(value), language);
}

/** How much is used or held back, from 0 to 1. A limit of nothing is used up. */
export function share({ used, reserved, most }: Standing): number {
  if (most <= 0) return 1;
  return Math.min(1, Math.max(0, (used + reserved) / most));
}

/** When there is something again, where the server says so: of what is used up, and of a budget's period. */
export function again(standing: Standing, language: Language): string | null {
  const at = standing.free ?? standing.until;
  return at ? moment(new Date(at), language) : null;
}

/** The most used first, then by name. */
export function inOrder(standings: Standing[]): Standing[] {
  return [...standings].sort((a, b) => share(b) - share(a) || a.limit.localeCompare(b.limit) || (a.account ?? "").localeCompare(b.account ?? ""));
}
