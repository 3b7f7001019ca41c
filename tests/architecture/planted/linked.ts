export { absent } from "../source.ts";
