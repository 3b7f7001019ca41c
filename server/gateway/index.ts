export type { Gateway, ModelAnswer, ModelCall, ModelInfo, ModelMessage, ModelRequest } from "./gateway.ts";
