// TeX to MathML elements. Only elements and attributes of MathML Core are kept, whatever the TeX asks for.
import temml from "temml";

const ELEMENTS = new Set([
  "math", "semantics", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "munder",
  "mover", "munderover", "mmultiscripts", "mprescripts", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom", "merror", "menclose", "none",
]);
const ATTRIBUTES = new Set([
  "display", "mathvariant", "stretchy", "fence", "separator", "form", "lspace", "rspace", "accent", "accentunder", "movablelimits",
  "largeop", "symmetric", "minsize", "maxsize", "linethickness", "displaystyle", "scriptlevel", "width", "height", "depth", "voffset",
  "columnalign", "rowspacing", "columnspacing", "rowalign", "columnspan", "notation", "mathcolor",
]);
const MATHML = "http://www.w3.org/1998/Math/MathML";

/** The MathML element of a formula, or nothing where the TeX cannot be read. */
export function formula(tex: string, display: boolean): Element | null {
  const given = document.createElement("div");
  try {
    temml.render(tex, given, { displayMode: display, throwOnError: true, trust: false, maxExpand: 200, maxSize: [20, 100] });
  } catch {
    return null;
  }
  const math = given.querySelector("math");
  return math ? (clean(math) as Element) : null;
}

function clean(element: Element): Node {
  if (element.namespaceURI !== MATHML || !ELEMENTS.has(element.localName)) return document.createTextNode(element.textContent ?? "");
  const made = document.createElementNS(MATHML, element.localName);
  for (const { name, value } of element.attributes) if (ATTRIBUTES.has(name)) made.setAttribute(name, value);
  for (const child of element.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) made.append(child.textContent ?? "");
    else if (child.nodeType === Node.ELEMENT_NODE) made.append(clean(child as Element));
  }
  return made;
}
