export { type CheckedInputs, checkInputs } from "./check-inputs.ts";
export type { Companies, Company, Loaded, Problem } from "./company.ts";
export { type CompaniesDeps, createCompanies } from "./create-companies.ts";
export { formatProblems } from "./format-problems.ts";
export { type LoadOptions, loadCompany } from "./load-company.ts";
