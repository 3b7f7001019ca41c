export { ExpressionError, type Expressions } from "./expressions.ts";
