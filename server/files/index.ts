export { createFiles, type Files, type FilesDeps } from "./files.ts";
