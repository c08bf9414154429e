// Which view is shown: the path below the base path, kept in the browser's history. Links are plain links; a click on one of
// the page's own is taken here.
import { BASE, address, below } from "./base";

class Places {
  path = $state("/");
  query = $state.raw(new URLSearchParams());
  /** How often somebody went to a view, the one that is shown among them. */
  visits = $state(0);

  constructor() {
    if (typeof window === "undefined") return;
    this.#read();
    window.addEventListener("popstate", () => this.#read());
    document.addEventListener("click", (click) => this.#follow(click));
  }

  /** Goes to a view; `instead` leaves no step in the history. */
  go(path: string, instead = false): void {
    history[instead ? "replaceState" : "pushState"](null, "", address(path));
    this.#read();
  }

  #read(): void {
    this.path = below(location.pathname);
    this.query = new URLSearchParams(location.search);
    this.visits += 1;
  }

  #follow(click: MouseEvent): void {
    if (click.defaultPrevented || click.button !== 0 || click.metaKey || click.ctrlKey || click.shiftKey || click.altKey) return;
    const link = (click.target as Element | null)?.closest?.("a");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    const path = link.pathname;
    if (!path.startsWith(BASE) || /^\/(api|v1|assets)\//.test(below(path))) return;
    if (link.hash && path === location.pathname) return;
    click.preventDefault();
    this.go(below(path) + link.search);
  }
}

export const places = new Places();
