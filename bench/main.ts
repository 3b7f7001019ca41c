/** `npm run bench -- NAME [--json]`: runs one benchmark of this folder and prints its figures; without a name, the list. */
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { type Benchmark, toLine } from "./support/figure.ts";
import { machineFacts, reportedDatabase } from "./support/machine.ts";

const json = process.argv.includes("--json");
const name = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
const folder = import.meta.dirname;
const names = globSync("*.ts", { cwd: folder })
  .map((file) => basename(file, ".ts"))
  .filter((each) => each !== "main" && !each.endsWith(".test"))
  .sort();

if (name === undefined) await list();
else if (names.includes(name)) await runOne(name);
else {
  console.error(`There is no benchmark ${name}. There are: ${names.join(", ") || "none yet"}.`);
  process.exitCode = 2;
}

async function list(): Promise<void> {
  const all = await Promise.all(names.map(load));
  if (json) console.log(JSON.stringify(all.map((each) => ({ name: each.name, about: each.about }))));
  else for (const { name, about } of all) console.log(`${name.padEnd(12)} ${about}`);
}

async function runOne(name: string): Promise<void> {
  const benchmark = await load(name);
  const figures = await benchmark.run();
  const machine = { ...machineFacts(), ...reportedDatabase() };
  if (json) console.log(JSON.stringify({ name, machine, figures }));
  else {
    for (const figure of figures) console.log(toLine(figure));
    console.log(
      Object.entries(machine)
        .map(([fact, value]) => `${fact} ${value}`)
        .join(" · "),
    );
  }
  // A benchmark may leave pools or child processes behind that would keep this process alive.
  process.exit(figures.every(({ ok }) => ok) ? 0 : 1);
}

async function load(name: string): Promise<Benchmark> {
  const benchmark = (await import(join(folder, `${name}.ts`))) as Benchmark;
  if (benchmark.name !== name) throw new Error(`bench/${name}.ts calls itself ${benchmark.name}.`);
  return benchmark;
}
