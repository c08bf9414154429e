// An organisation's accent, made readable: darkened on light grounds, lightened on dark ones, until every pair holds 4.5:1.

type Colour = [number, number, number];

function parse(hex: string): Colour | null {
  const found = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex);
  return found ? [1, 2, 3].map((at) => parseInt(found[at] ?? "0", 16)) as Colour : null;
}

function write(colour: Colour): string {
  return `#${colour.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}

function mix(colour: Colour, other: Colour, share: number): Colour {
  return colour.map((part, at) => part + ((other[at] ?? 0) - part) * share) as Colour;
}

function luminance(colour: Colour): number {
  const [r = 0, g = 0, b = 0] = colour.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast of two colours, after WCAG 2.1. */
export function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [parse(one), parse(other)].map((c) => (c ? luminance(c) : 0)).sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

export interface Accent {
  accent: string;
  strong: string;
  soft: string;
  on: string;
}

const GROUNDS = { light: ["#eaece4", "#f5f6f1", "#ffffff"], dark: ["#1d221d", "#151915", "#101310"] };
const WHITE: Colour = [255, 255, 255];
const BLACK: Colour = [0, 0, 0];

/** The four colours that stand for an accent, or nothing when it is no colour. */
export function accentFor(hex: string, scheme: "light" | "dark"): Accent | null {
  const given = parse(hex);
  if (!given) return null;
  const towards = scheme === "light" ? BLACK : WHITE;
  const surface = parse(scheme === "light" ? "#ffffff" : "#1d221d") ?? WHITE;
  for (let share = 0; share <= 1; share += 0.04) {
    const colour = mix(given, towards, share);
    const accent = write(colour);
    const soft = write(mix(surface, colour, scheme === "light" ? 0.13 : 0.2));
    const on = scheme === "light" ? "#ffffff" : write(mix(colour, BLACK, 0.86));
    if ([...GROUNDS[scheme], soft, on].every((ground) => contrast(accent, ground) >= 4.5)) {
      return { accent, strong: write(mix(colour, towards, 0.25)), soft, on };
    }
  }
  return null;
}
