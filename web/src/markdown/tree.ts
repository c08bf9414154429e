// What a rendered text is made of. There is no kind for raw HTML: what a model or a document writes can only become one of these.

export type Inline =
  | { kind: "text"; text: string }
  | { kind: "strong" | "em" | "del"; children: Inline[] }
  | { kind: "code"; text: string }
  | { kind: "link"; href: string; children: Inline[] }
  | { kind: "image"; alt: string; href: string | null }
  | { kind: "cite"; number: number }
  | { kind: "seam"; number: number }
  | { kind: "math"; tex: string }
  | { kind: "checkbox"; checked: boolean }
  | { kind: "break" };

export interface Cell {
  children: Inline[];
  align: "left" | "center" | "right" | null;
}

export type Block =
  | { kind: "heading"; level: number; children: Inline[] }
  | { kind: "paragraph"; children: Inline[] }
  | { kind: "list"; ordered: boolean; start: number; items: Block[][] }
  | { kind: "quote"; children: Block[] }
  | { kind: "code"; language: string; text: string }
  | { kind: "table"; head: Cell[]; rows: Cell[][] }
  | { kind: "math"; tex: string }
  | { kind: "rule" };
