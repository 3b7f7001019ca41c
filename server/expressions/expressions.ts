import type { Expression, Json, Template } from "@regent/contract";

/** A text that is no expression. `offset` counts characters from its start. */
export class ExpressionError extends Error {
  override name = "ExpressionError";
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

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
  /** @throws expression_failed  names the missing field or the operands that do not fit */
  evaluate(expression: Expression, scope: Readonly<Record<string, Json>>): Json;
  /** @throws expression_failed */
  render(template: Template, scope: Readonly<Record<string, Json>>): Json;
}
