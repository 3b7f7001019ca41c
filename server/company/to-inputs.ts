import type { InputField, InputType, Json } from "@regent/contract";
import { checkInputs } from "./check-inputs.ts";
import { isMap, type Making, optional } from "./making.ts";
import type { Path } from "./yaml-document.ts";

/** Names that mean something else wherever an expression is read. */
const TAKEN = new Set(["inputs", "event", "company", "run", "env", "item", "index", "stages", "output", "products"]);

export function makeInputs(making: Making, source: Json | undefined, path: Path): InputField[] {
  const fields: InputField[] = [];
  for (const [i, given] of (Array.isArray(source) ? source : []).entries()) {
    if (!isMap(given)) continue;
    const at = [...path, i];
    const name = String(given.name);
    const first = fields.findIndex((field) => field.name === name);
    if (first >= 0)
      making.report.error([...at, "name"], `The input "${name}" is declared twice; the first is inputs[${first}].`);
    if (TAKEN.has(name))
      making.report.error([...at, "name"], `"${name}" is a name that every expression has already.`, `${name}_value`);
    const field = makeInput(making, given, at);
    checkDefault(making, field, at);
    fields.push(field);
  }
  return fields;
}

function makeInput(making: Making, given: { [key: string]: Json }, at: Path): InputField {
  const type = (given.type ?? (given.options === undefined ? "string" : "enum")) as InputType;
  if (type === "enum" && given.options === undefined)
    making.report.error(at, `"options" is missing: an enum lists its values.`, "options: [a, b]");
  if (type !== "enum" && given.options !== undefined)
    making.report.error([...at, "options"], `Only an enum has options.`, "type: enum", "key");
  const isRanged = ["integer", "number", "list", "string", "text"].includes(type);
  for (const key of ["min", "max"]) {
    if (given[key] !== undefined && !isRanged)
      making.report.error([...at, key], `A ${type} has no ${key}.`, null, "key");
  }
  if (typeof given.min === "number" && typeof given.max === "number" && given.min > given.max) {
    making.report.error([...at, "min"], `min ${given.min} is more than max ${given.max}.`);
  }
  return {
    name: String(given.name),
    type,
    required: given.required === true,
    ...optional("description", given.description),
    ...optional("default", given.default),
    ...optional("options", given.options),
    ...optional("min", given.min),
    ...optional("max", given.max),
  } as InputField;
}

function checkDefault(making: Making, field: InputField, at: Path): void {
  if (field.default === undefined || field.type === "product" || field.type === "agent") return;
  const { errors } = checkInputs([field], { [field.name]: field.default }, {});
  for (const { message } of errors) making.report.error([...at, "default"], `The default does not fit: ${message}`);
}
