export { type CheckedInputs, checkInputs } from "./check-inputs.ts";
export type { Companies, Company, Loaded, Problem } from "./company.ts";
export { type LoadOptions, loadCompany } from "./load-company.ts";
