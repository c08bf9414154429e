// Where a link in a model's or a document's text may lead: to the web and to a mailbox, nowhere else, and never without being seen.

const ALLOWED = new Set(["http:", "https:", "mailto:"]);

/** The address of a link when it may be followed. Relative addresses mean nothing here and are refused. */
export function safeHref(written: string): string | null {
  let url: URL;
  try {
    url = new URL(written.trim());
  } catch {
    return null;
  }
  if (!ALLOWED.has(url.protocol) || url.username !== "" || url.password !== "") return null;
  return url.href;
}

/** What is told of a link's goal: its host, or the mailbox. */
export function goal(href: string): string {
  const url = new URL(href);
  return url.protocol === "mailto:" ? url.pathname : url.host;
}

const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** A name from elsewhere (a file, a title) on one line, without control characters and without marks that turn its direction. */
export function plainName(name: string): string {
  return name.replace(HIDDEN, "").replace(/\s+/gu, " ").trim();
}
