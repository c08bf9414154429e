// Numbers, dates and sizes as French and English write them.
import type { Language } from "./preferences.svelte";

const LOCALE = { fr: "fr-FR", en: "en-GB" } as const;

/** A number with its groups: 1 234 in French, 1,234 in English. */
export function number(value: number, language: Language): string {
  return new Intl.NumberFormat(LOCALE[language]).format(value);
}

/** A country by its ISO 3166-1 code, or `EU` or `EEA`. */
export function region(code: string, language: Language): string {
  if (code === "EEA") return language === "fr" ? "Espace économique européen" : "European Economic Area";
  return new Intl.DisplayNames(LOCALE[language], { type: "region", fallback: "code" }).of(code) ?? code;
}

/** A day: 21 novembre 2026. */
export function day(moment: number | Date, language: Language): string {
  return new Intl.DateTimeFormat(LOCALE[language], { dateStyle: "long" }).format(moment);
}

/** A time of day: 14 h 05 in French, 14:05 in English. */
export function hour(moment: number | Date, language: Language): string {
  const parts = new Intl.DateTimeFormat(LOCALE[language], { hour: "2-digit", minute: "2-digit", hour12: false }).formatToParts(moment);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  return language === "fr" ? `${Number(part("hour"))}\u00a0h\u00a0${part("minute")}` : `${part("hour")}:${part("minute")}`;
}

/** A day and a time: 21 novembre 2026 à 14 h 05. */
export function moment(at: number | Date, language: Language): string {
  return `${day(at, language)}${language === "fr" ? " à " : " at "}${hour(at, language)}`;
}

/** A size: 12,5 ko in French, 12.5 kB in English. */
export function size(bytes: number, language: Language): string {
  const units = language === "fr" ? ["octets", "ko", "Mo", "Go"] : ["bytes", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const shown = new Intl.NumberFormat(LOCALE[language], { maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0 }).format(value);
  return `${shown}\u00a0${units[unit]}`;
}

/** A time that something took: « 0,8 s », « 12 s », « 2 min 5 s ». */
export function duration(milliseconds: number, language: Language): string {
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) return `${new Intl.NumberFormat(LOCALE[language], { maximumFractionDigits: 1, minimumFractionDigits: 1 }).format(Math.max(0.1, seconds))}\u00a0s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}\u00a0s`;
  const rest = whole % 60;
  return `${number(Math.floor(whole / 60), language)}\u00a0min${rest > 0 ? ` ${rest}\u00a0s` : ""}`;
}

/** How long ago something was, in the words of a list of conversations. */
export type Age = "today" | "yesterday" | "week" | "month" | "older";

/** The part of a list that a moment belongs to, seen from `now`. */
export function age(at: number, now: number): Age {
  const midnight = new Date(now);
  midnight.setHours(0, 0, 0, 0);
  const days = Math.ceil((midnight.getTime() - at) / 86_400_000);
  if (days <= 0) return "today";
  if (days === 1) return "yesterday";
  if (days <= 7) return "week";
  if (days <= 31) return "month";
  return "older";
}

/** How many words a text has. */
export function wordsIn(text: string): number {
  return text.match(/[\p{L}\p{N}][\p{L}\p{N}’'-]*/gu)?.length ?? 0;
}
