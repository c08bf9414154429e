// Where the page stands: the server may serve it below a base path, which it writes into <base>.

/** The base path, ending in a slash. */
export const BASE = typeof document === "undefined" ? "/" : new URL("./", document.baseURI).pathname;

/** An address on the server: `address("api/page")`. */
export function address(path: string): string {
  return BASE + path.replace(/^\//, "");
}

/** A path of the browser, without the base path and beginning with a slash. */
export function below(pathname: string): string {
  return pathname.startsWith(BASE) ? pathname.slice(BASE.length - 1) : "/";
}
