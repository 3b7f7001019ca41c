export { ExpressionError } from "./error.ts";
export { createExpressions, type Expressions } from "./expressions.ts";
