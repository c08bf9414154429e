// The card of a place, fact by fact: what is said, by whom, since when; and what is not known.
import type { Class, Reason } from "../api/wire";
import { day, number, region } from "../app/format";
import type { Language } from "../app/preferences.svelte";
import type { Messages } from "../messages/fr";

export interface Evidence {
  fields?: string[];
  source: string;
  date: string;
  confidence: string;
}

export interface Attestation {
  field: string;
  value: boolean | number;
  evidence: string;
  until: string;
}

export type Remedy = "establish" | "attest" | "certify" | "rules" | "lift" | "none";
export type Missing = Reason & { remedy: Remedy };

export interface Upstream {
  name: string;
  model: string | null;
  routes: string[];
  card: Record<string, unknown>;
  attestations: Attestation[];
  classes: { class: Class; permitted: boolean; missing: Missing[] }[];
  state: string;
  last_success: string | null;
  last_failure: { code: string; at: string } | null;
}

/** The facts in the order in which they are read. */
export const FACTS = [
  "provider", "premises", "legal_entity", "seat", "ultimate_parent", "model", "region", "inference_region", "storage_region",
  "subprocessors", "us_law", "chinese_law", "certificates", "open_weights", "weights_digest", "price", "carbon_zone",
  "processing_contract", "trains_on_data", "retention_days",
] as const;
export type FactName = (typeof FACTS)[number];

export interface Fact {
  name: FactName;
  /** In words; nothing where it is not known. */
  value: string | null;
  evidence: Evidence[];
  attested: Attestation | null;
}

const isUnknown = (value: unknown) => value === undefined || value === null || value === "" || value === "unknown";
const COUNTRIES: string[] = ["seat", "ultimate_parent", "inference_region", "storage_region"];

/** Every fact of a card. Evidence that names no field stands for all that the card itself says. */
export function factsOf(place: Upstream, words: Messages, language: Language): Fact[] {
  const evidence = (place.card["evidence"] ?? []) as Evidence[];
  return FACTS.map((name) => {
    const attested = place.attestations.find((one) => one.field === name) ?? null;
    const found = attested ? attested.value : place.card[name];
    const value = isUnknown(found) ? null : said(name, found, words, language);
    const about = value === null || attested ? [] : evidence.filter((one) => !one.fields?.length || one.fields.includes(name));
    return { name, value, evidence: about, attested };
  });
}

function said(name: FactName, value: unknown, words: Messages, language: Language): string {
  const told = words.rooms.card;
  const known = (text: unknown, say: (text: string) => string) => (isUnknown(text) ? told.unknown : say(String(text)));
  if (name === "premises") return value === "own" ? told.own : told.network;
  if (name === "retention_days") return told.days(Number(value));
  if (typeof value === "boolean") return value ? told.yes : told.no;
  if (COUNTRIES.includes(name)) return region(String(value), language);
  if (name === "subprocessors") {
    const listed = value as { name: string; country: unknown }[];
    return listed.map((one) => `${one.name} (${known(one.country, (code) => region(code, language))})`).join(", ") || told.nobody;
  }
  if (name === "certificates") {
    const listed = value as { scheme: string; covers_service: unknown; valid_until: unknown }[];
    const scope = (one: unknown) => (isUnknown(one) ? told.scopeUnknown : one ? told.covers : told.coversNot);
    return listed.map((one) => `${one.scheme} (${scope(one.covers_service)}, ${told.until(known(one.valid_until, (at) => dayOf(at, language)))})`).join(", ") || told.none;
  }
  if (name === "price") {
    const price = value as { input: number; output: number; currency: string };
    return told.price(money(price.input, price.currency, language), money(price.output, price.currency, language));
  }
  return String(value);
}

/** A day that is written as 2026-11-21, in words. */
export function dayOf(written: string, language: Language): string {
  const at = new Date(`${written}T12:00:00`);
  return Number.isNaN(at.getTime()) ? written : day(at, language);
}

/** An amount: 1,25 € in French, €1.25 in English; small ones with as many digits as it takes to see them. */
export function money(amount: number, currency: string, language: Language): string {
  const digits = amount !== 0 && Math.abs(amount) < 0.01 ? 4 : 2;
  try {
    return new Intl.NumberFormat(language === "fr" ? "fr-FR" : "en-GB", { style: "currency", currency, minimumFractionDigits: 2, maximumFractionDigits: digits }).format(amount);
  } catch {
    return `${number(amount, language)} ${currency}`;
  }
}

/** What keeps a place from a class, each with what can be done about it; the same thing is said once. */
export function lacks(missing: Missing[], words: Messages): { why: string; mend: string }[] {
  const told = missing.map((one) => ({
    why: (words.reasons[one.code] ?? one.code) + (one.line ? words.byRule(one.rule, one.line) : ""),
    mend: words.rooms.card.remedies[one.remedy](words.rooms.card.facts[one.field as FactName] ?? one.field, one.required || one.rule),
  }));
  return told.filter((one, at) => told.findIndex((other) => other.why === one.why && other.mend === one.mend) === at);
}
