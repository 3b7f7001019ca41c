/** Started by `modes.ts` as an ordinary user: MODE PLACE NAMES. Prints the verdicts. */
import { CASES } from "./cases.ts";
import { type Mode, tryHere } from "./modes.ts";

const [mode, place = "", names = ""] = process.argv.slice(2);
const wanted = names.split(",");
const verdicts = await tryHere(
  mode as Mode,
  CASES.filter(({ name }) => wanted.includes(name)),
  place,
);
process.stdout.write(JSON.stringify(verdicts));
