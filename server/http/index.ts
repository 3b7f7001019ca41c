export type {
  ApprovalsDoor,
  Capabilities,
  DefinitionsDoor,
  EventsDoor,
  FilesDoor,
  ModelsDoor,
  RunsDoor,
  SystemDoor,
} from "./doors.ts";
export { createHttp, type Http, type HttpDeps } from "./http.ts";
export { toOpenApi } from "./openapi.ts";
export { loadToken } from "./token.ts";
