// What a reader chose for this browser: language, theme, whether the list is shown. Nothing of it leaves the browser.
export type Language = "fr" | "en";
export type Theme = "system" | "light" | "dark";

const KEY = "trousseau";

interface Kept {
  language?: Language;
  theme?: Theme;
  route?: string;
}

function read(): Kept {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Kept;
  } catch {
    return {};
  }
}

class Preferences {
  #kept: Kept = read();
  language = $state<Language>(this.#kept.language ?? "fr");
  theme = $state<Theme>(this.#kept.theme ?? "system");
  route = $state<string | null>(this.#kept.route ?? null);

  choose(choice: Partial<{ language: Language; theme: Theme; route: string }>): void {
    if (choice.language) this.language = choice.language;
    if (choice.theme) this.theme = choice.theme;
    if (choice.route !== undefined) this.route = choice.route;
    const kept: Kept = { language: this.language, theme: this.theme };
    if (this.route !== null) kept.route = this.route;
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // A browser that keeps nothing asks again next time.
    }
    this.show();
  }

  /** Writes language and theme onto the document. */
  show(): void {
    const root = document.documentElement;
    root.lang = this.language;
    if (this.theme === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = this.theme;
  }
}

export const preferences = new Preferences();
