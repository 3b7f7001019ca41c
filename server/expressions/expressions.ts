import { type Expression, fail, type Json, type Template } from "@regent/contract";
import { checkCalls } from "./check-calls.ts";
import { ExpressionError } from "./error.ts";
import { evaluateNode } from "./evaluate.ts";
import { Exhausted, Failed } from "./meter.ts";
import { fieldsOf, freeNames } from "./names.ts";
import { print } from "./print.ts";
import { type Node, parseSyntax } from "./syntax.ts";
import { type Piece, splitTemplate } from "./template.ts";
import { setOwn, toJson, toText } from "./values.ts";

/** The CEL expressions of the company's files. Pure: the same text and scope give the same value, always. */
export interface Expressions {
  /**
   * The one spelling of an expression: the documents' notation (`and or not`, `3x target_cpa`, `20_000`) becomes CEL,
   * every number a double. @throws ExpressionError
   */
  parse(text: string): Expression;
  /** Makes every `${…}` of a template canonical. @throws ExpressionError */
  parseTemplate(template: Template): Template;
  /** Free names of an expression, or of all `${…}` in a template, in order, once each. */
  names(text: Expression): string[];
  templateNames(template: Template): string[];
  /** Fields of a name that a text's `${…}` (or the whole text, as an expression) reads and that must be there. */
  fields(text: string, name: string, as: "expression" | "template"): string[];
  /** @throws expression_failed  names the missing field or the operands that do not fit */
  evaluate(expression: Expression, scope: Readonly<Record<string, Json>>): Json;
  /** @throws expression_failed */
  render(template: Template, scope: Readonly<Record<string, Json>>): Json;
}

type Scope = Readonly<Record<string, Json>>;

/** The longest text that a template may become. */
const TEXT_MAX = 16_000_000;

export function createExpressions(): Expressions {
  const nodes = createKept(parseChecked);
  const templates = createKept(splitTemplate);

  const evaluate = (expression: string, scope: Scope): Json => {
    try {
      return toJson(evaluateNode(nodes.get(expression), scope));
    } catch (error) {
      if (error instanceof Failed || error instanceof Exhausted) {
        throw fail("expression_failed", { reason: `${error.message}.`, expression });
      }
      if (error instanceof ExpressionError) throw fail("expression_failed", { reason: error.message, expression });
      if (error instanceof RangeError)
        throw fail("expression_failed", { reason: "a value is nested too deeply.", expression });
      throw error;
    }
  };

  const renderText = (text: string, scope: Scope): Json => {
    if (!text.includes("${")) return text;
    const pieces = piecesOf(text);
    const [only] = pieces;
    if (pieces.length === 1 && only !== undefined && "expression" in only) return evaluate(only.expression, scope);
    let length = 0;
    const texts = pieces.map((piece) => {
      const made = "text" in piece ? piece.text : toText(evaluate(piece.expression, scope));
      length += made.length;
      if (length > TEXT_MAX)
        throw fail("expression_failed", { reason: `the text becomes longer than ${TEXT_MAX} characters.` });
      return made;
    });
    return texts.join("");
  };

  const piecesOf = (text: string): Piece[] => {
    try {
      return templates.get(text);
    } catch (error) {
      if (error instanceof ExpressionError) throw fail("expression_failed", { reason: error.message });
      throw error;
    }
  };

  const parseText = (text: string): string => {
    if (!text.includes("${")) return text;
    const canonical = (piece: Piece): string => {
      if ("text" in piece) return piece.text === "${" ? "$${" : piece.text;
      try {
        return `\${${print(nodes.get(piece.expression))}}`;
      } catch (error) {
        if (error instanceof ExpressionError) throw new ExpressionError(error.message, piece.at + error.offset);
        throw error;
      }
    };
    return templates.get(text).map(canonical).join("");
  };

  return {
    parse: (text) => print(nodes.get(text)),
    parseTemplate: (template) => mapTexts(template, parseText),
    names: (text) => freeNames(nodes.get(text)),
    templateNames: (template) => {
      const names = new Set<string>();
      mapTexts(template, (text) => {
        if (!text.includes("${")) return text;
        for (const piece of templates.get(text)) {
          if ("expression" in piece) for (const name of freeNames(nodes.get(piece.expression))) names.add(name);
        }
        return text;
      });
      return [...names];
    },
    fields: (text, name, as) => {
      const texts =
        as === "expression"
          ? [text]
          : templates.get(text).flatMap((piece) => ("text" in piece ? [] : [piece.expression]));
      return [...new Set(texts.flatMap((each) => fieldsOf(nodes.get(each), name)))];
    },
    evaluate,
    render: (template, scope) => mapTexts(template, (text) => renderText(text, scope)),
  };
}

function parseChecked(text: string): Node {
  const node = parseSyntax(text);
  checkCalls(node, text);
  return node;
}

function mapTexts(template: Template, map: (text: string) => Json): Json {
  if (typeof template === "string") return map(template);
  if (template === null || typeof template !== "object") return template;
  if (Array.isArray(template)) return template.map((item) => mapTexts(item, map));
  const made: { [key: string]: Json } = {};
  for (const [key, item] of Object.entries(template)) setOwn(made, key, mapTexts(item, map));
  return made;
}

/** Keeps what was made of a text, the 5,000 used last. */
function createKept<Made>(make: (text: string) => Made): { get(text: string): Made } {
  const kept = new Map<string, Made>();
  return {
    get(text) {
      const known = kept.get(text);
      if (known !== undefined) {
        kept.delete(text);
        kept.set(text, known);
        return known;
      }
      const made = make(text);
      if (kept.size >= 5_000) kept.delete(kept.keys().next().value!);
      kept.set(text, made);
      return made;
    },
  };
}
