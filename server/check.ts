/**
 * `regent check`: loads a company's folder and prints what is wrong in it as JSON. No database, no server.
 * Ends with 0 whatever it finds; the CLI decides what that means.
 */
import { loadCompany } from "#company";

const [folder] = process.argv.slice(2);
if (import.meta.main && folder !== undefined) {
  const { problems } = await loadCompany(folder);
  process.stdout.write(`${JSON.stringify(problems)}\n`);
}
