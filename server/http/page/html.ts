/** Markup that is safe to send. Only `html` makes it, and everything that is put into it is escaped. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Piece = Html | string | number | null | undefined | false | Piece[];

/** `html\`<p>${name}</p>\``: texts are escaped, markup made by `html` stays, nothing is nothing. */
export const html = (literals: TemplateStringsArray, ...pieces: Piece[]): Html =>
  new Html(literals.reduce((text, literal, i) => text + toText(pieces[i - 1]) + literal));

const toText = (piece: Piece): string => {
  if (piece === null || piece === undefined || piece === false) return "";
  if (piece instanceof Html) return piece.text;
  return Array.isArray(piece) ? piece.map(toText).join("") : toEscaped(String(piece));
};

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Also inside quoted attributes. Characters that turn the direction of text are shown as what they are. */
const toEscaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ESCAPES[character]!).replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
