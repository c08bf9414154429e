// The bars of a plot: one a day from the first to the last, days without questions among them.

export interface Cost {
  currency: string;
  amount: number;
}

export interface Counted {
  key: string;
  questions: number;
  answered: number;
  abstained: number;
  refused: number;
  failed: number;
  cancelled: number;
  interrupted: number;
  prompt_tokens: number;
  completion_tokens: number;
  unpriced_tokens: number;
  costs: Cost[];
}

export interface Bar {
  key: string;
  value: number;
  x: number;
  height: number;
  part: number;
}

/** What is drawn of a day, and which part of it is set apart at its foot. */
export interface Measure {
  whole: (item: Counted) => number;
  part: (item: Counted) => number;
}

const TALL = 116;
const STEP = 12;
/** The most days that are drawn. */
const DAYS = 400;

export const questions: Measure = { whole: (item) => item.questions, part: (item) => item.answered };
export const tokens: Measure = { whole: (item) => item.prompt_tokens + item.completion_tokens, part: (item) => item.completion_tokens };

/** What was paid in one currency; all of it, for nothing of it is apart. */
export function paid(currency: string): Measure {
  const amount = (item: Counted) => item.costs.find((cost) => cost.currency === currency)?.amount ?? 0;
  return { whole: amount, part: amount };
}

export function bars(items: Counted[], since: string, until: string, measure: Measure = questions): { bars: Bar[]; width: number; most: number } {
  const byDay = new Map(items.map((item) => [item.key, item]));
  const found = Math.max(0, ...items.map(measure.whole));
  const most = found > 0 ? found : 1;
  const drawn: Bar[] = [];
  const end = Date.parse(`${until}T00:00:00Z`);
  for (let at = Date.parse(`${since}T00:00:00Z`); at <= end && drawn.length < DAYS; at += 86_400_000) {
    const key = new Date(at).toISOString().slice(0, 10);
    const item = byDay.get(key);
    const high = (value: number) => (value / most) * TALL;
    const value = item ? measure.whole(item) : 0;
    drawn.push({ key, value, x: drawn.length * STEP + 2, height: high(value), part: item ? high(measure.part(item)) : 0 });
  }
  return { bars: drawn, width: Math.max(STEP, drawn.length * STEP), most: found };
}

/** The costs of several rows together, a currency each, in the order of their names. */
export function together(items: Counted[]): Cost[] {
  const sums = new Map<string, number>();
  for (const { currency, amount } of items.flatMap((item) => item.costs)) sums.set(currency, (sums.get(currency) ?? 0) + amount);
  return [...sums].sort(([a], [b]) => a.localeCompare(b)).map(([currency, amount]) => ({ currency, amount }));
}

/** Rows as CSV (RFC 4180). A text that a spreadsheet would take for a formula is written behind an apostrophe. */
export function csv(by: string, items: Counted[]): string {
  const currencies = together(items).map((cost) => cost.currency);
  const numbers = ["questions", "answered", "abstained", "refused", "failed", "cancelled", "interrupted", "prompt_tokens", "completion_tokens", "unpriced_tokens"] as const;
  const text = (value: string) => {
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const rows = items.map((item) => [
    text(item.key),
    ...numbers.map((name) => String(item[name])),
    // A currency that nothing was paid in is left empty: it is not known to be nothing.
    ...currencies.map((currency) => String(item.costs.find((cost) => cost.currency === currency)?.amount ?? "")),
  ]);
  const head = [by, ...numbers, ...currencies.map((currency) => text(`cost_${currency}`))];
  return [head, ...rows].map((row) => `${row.join(",")}\r\n`).join("");
}
