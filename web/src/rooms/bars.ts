// The bars of a plot: one a day from the first to the last, days without questions among them.

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
}

export interface Bar {
  key: string;
  questions: number;
  x: number;
  height: number;
  answered: number;
}

const TALL = 116;
const STEP = 12;
/** The most days that are drawn. */
const DAYS = 400;

export function bars(items: Counted[], since: string, until: string): { bars: Bar[]; width: number; most: number } {
  const byDay = new Map(items.map((item) => [item.key, item]));
  const most = Math.max(1, ...items.map((item) => item.questions));
  const drawn: Bar[] = [];
  const end = Date.parse(`${until}T00:00:00Z`);
  for (let at = Date.parse(`${since}T00:00:00Z`); at <= end && drawn.length < DAYS; at += 86_400_000) {
    const key = new Date(at).toISOString().slice(0, 10);
    const item = byDay.get(key);
    const high = (value: number) => (value / most) * TALL;
    drawn.push({ key, questions: item?.questions ?? 0, x: drawn.length * STEP + 2, height: high(item?.questions ?? 0), answered: high(item?.answered ?? 0) });
  }
  return { bars: drawn, width: Math.max(STEP, drawn.length * STEP), most };
}
