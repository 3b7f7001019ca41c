export type { Companies, Company, Loaded, Problem } from "./company.ts";
