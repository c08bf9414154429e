// Who is signed in, and what the organisation calls its page.
import { ask, caller } from "../api/client";
import type { PageSettings, Session } from "../api/wire";
import { accentFor } from "./accent";
import { address } from "./base";

const UNKNOWN: PageSettings = {
  name: "Trousseau",
  logo: null,
  accent: null,
  accent_dark: null,
  version: "",
  oidc: null,
  directory: null,
  setup: false,
  languages: ["fr", "en"],
  retention_days: null,
  incognito: false,
  accessibility: { conformity: "none", contact: null },
};

class Here {
  page = $state.raw<PageSettings>(UNKNOWN);
  session = $state.raw<Session | null>(null);
  /** Whether a session that was there is over while something is shown. */
  expired = $state(false);
  online = $state(true);

  constructor() {
    caller.expired = () => {
      if (this.session) this.expired = true;
    };
    if (typeof window === "undefined") return;
    this.online = navigator.onLine;
    window.addEventListener("online", () => (this.online = true));
    window.addEventListener("offline", () => (this.online = false));
  }

  async learnPage(): Promise<void> {
    this.page = { ...UNKNOWN, ...(await ask<PageSettings>("api/page")) };
    document.title = this.page.name;
    this.showAccent();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.showAccent());
  }

  /** Sets the organisation's accent for the present theme. */
  showAccent(): void {
    const root = document.documentElement;
    const chosen = root.dataset["theme"];
    const dark = chosen === "dark" || (!chosen && matchMedia("(prefers-color-scheme: dark)").matches);
    const hex = dark ? (this.page.accent_dark ?? this.page.accent) : this.page.accent;
    const accent = hex ? accentFor(hex, dark ? "dark" : "light") : null;
    const names = { accent: "--accent", strong: "--accent-strong", soft: "--accent-soft", on: "--on-accent" } as const;
    for (const [part, name] of Object.entries(names)) {
      if (accent) root.style.setProperty(name, accent[part as keyof typeof names]);
      else root.style.removeProperty(name);
    }
  }

  /** Asks who is signed in; nobody is no error. */
  async learnSession(): Promise<void> {
    try {
      this.enter(await ask<Session>("api/auth/session"));
    } catch (error) {
      this.session = null;
      if ((error as { status?: number }).status !== 401) throw error;
    }
  }

  /** Asks whether the session is still there, where something says that one has ended. */
  async check(): Promise<void> {
    try {
      await ask<Session>("api/auth/session");
    } catch (error) {
      if ((error as { status?: number }).status === 401) caller.expired();
    }
  }

  enter(session: Session): void {
    // Somebody else at the same screen must not see what the one before left there.
    if (this.expired && this.session && this.session.user !== session.user) location.reload();
    this.session = session;
    this.expired = false;
    caller.csrf = session.csrf ?? null;
  }

  async leave(everywhere = false): Promise<void> {
    const said = await ask<{ location?: string } | null>(`api/auth/logout${everywhere ? "-everywhere" : ""}`, { method: "POST" });
    // The page is loaded anew: nothing of whoever left stays in its memory.
    location.assign(said?.location ?? address("login"));
  }
}

export const here = new Here();
