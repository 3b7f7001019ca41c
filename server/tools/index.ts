export { createTools, type Tools, type ToolsDeps } from "./tools.ts";
