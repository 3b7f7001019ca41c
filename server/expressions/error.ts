/** A text that is no expression. `offset` counts characters from its start. */
export class ExpressionError extends Error {
  override name = "ExpressionError";
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}
