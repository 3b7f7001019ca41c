/**
 * Fills a JSON Schema from a text. Each place is filled by what its name and type suggest; the whole is then checked
 * against the schema, and what does not fit is not given out.
 */
import type { Json, JsonObject } from "@regent/contract";
import type { AnswerSchema } from "../answer-schema.ts";
import { createSafePattern } from "../safe-pattern.ts";
import { chooseOption, filterByName, isTrue } from "./choose-option.ts";
import { pickNumber } from "./pick-number.ts";
import { pickText } from "./pick-text.ts";
import type { Prompt } from "./read-prompt.ts";
import { toUnits, type Unit } from "./units.ts";
import { pickSentences, toKeywords } from "./words.ts";

export function fillSchema(schema: AnswerSchema, prompt: Prompt, mark: string): { value: Json } | { problem: string } {
  let problem = "";
  // First everything that is declared, then only what is required: fewer places, fewer conflicts.
  for (const optional of [true, false]) {
    const filler = createFiller(schema.schema, { prompt, mark, optional });
    const value = filler(schema.schema, { name: "", text: prompt.material, depth: 0 });
    if (value === undefined) {
      problem ||= "parts of it contradict each other";
      continue;
    }
    const found = schema.check(value);
    if (found === null) return { value };
    problem = found;
  }
  return { problem };
}

export interface Place {
  /** The property's name; of a list its own. */
  name: string;
  /** The part of the material that this place is about. */
  text: string;
  depth: number;
  /** Facts of a list's item (`file`, `line`, `severity`). */
  facts?: Unit["facts"];
  description?: string;
}

interface FillOptions {
  prompt: Prompt;
  mark: string;
  optional: boolean;
}

type Filler = (schema: Json | undefined, place: Place) => Json | undefined;

const DEPTH_MAX = 12;
// A schema that refers to itself in three places has 3^12 of them.
const PLACES_MAX = 2_000;

function createFiller(root: JsonObject, options: FillOptions): Filler {
  let places = 0;
  const fill: Filler = (given, place) => {
    places += 1;
    if (given === false || place.depth > DEPTH_MAX || places > PLACES_MAX) return undefined;
    const schema = merge(resolve(root, given), root);
    if (schema === undefined) return undefined;
    const at = { ...place, ...(typeof schema.description === "string" && { description: schema.description }) };
    if (Object.hasOwn(schema, "const")) return schema.const;
    if (Array.isArray(schema.enum)) return pickEnum(schema.enum, schema, at);
    for (const keyword of ["anyOf", "oneOf"] as const) {
      const choices = schema[keyword];
      if (Array.isArray(choices)) return fillChoice(choices, schema, keyword, at);
    }
    return fillType(toType(schema), schema, at);
  };

  const pickEnum = (choices: Json[], schema: JsonObject, place: Place): Json | undefined => {
    const fitting = choices.filter((choice) => fitsType(choice, schema.type));
    const known = fact(place);
    if (known !== undefined && fitting.includes(known)) return known;
    return chooseOption(fitting, place, options.prompt.task);
  };

  /** The first choice that can be filled; those that speak of the same names as the text come first. */
  const fillChoice = (choices: Json[], schema: JsonObject, keyword: "anyOf" | "oneOf", place: Place) => {
    const { [keyword]: _, ...rest } = schema;
    const ranked = [...choices].sort((a, b) => Number(isNull(a)) - Number(isNull(b)));
    for (const choice of ranked) {
      const both = intersect(rest, resolve(root, choice) ?? {});
      const value = both && fill(both, { ...place, depth: place.depth + 1 });
      if (value !== undefined) return value;
    }
    return undefined;
  };

  const fillType = (type: string, schema: JsonObject, place: Place): Json | undefined => {
    switch (type) {
      case "object":
        return fillObject(schema, place);
      case "array":
        return fillArray(schema, place);
      case "integer":
      case "number":
        return pickNumber(schema, place, options.prompt, fact(place));
      case "boolean":
        return isTrue(place, options.prompt.task);
      case "null":
        return null;
      default:
        return pickText(schema, place, options.prompt, fact(place), options.mark);
    }
  };

  const fillObject = (schema: JsonObject, place: Place): JsonObject | undefined => {
    const properties = toObject(schema.properties);
    const required = new Set(Array.isArray(schema.required) ? schema.required.map(String) : []);
    for (const [name, needed] of Object.entries(toObject(schema.dependentRequired))) {
      if (required.has(name) && Array.isArray(needed)) for (const each of needed) required.add(String(each));
    }
    const names = [...new Set([...(options.optional && place.depth < 6 ? Object.keys(properties) : []), ...required])];
    const value: JsonObject = {};
    for (const name of names) {
      const inner = Object.hasOwn(properties, name) ? properties[name] : toAdditional(schema, name);
      const filled = fill(inner, { ...place, name, depth: place.depth + 1 });
      // Own property even for "__proto__": assignment would set the prototype and lose it.
      if (filled !== undefined) Object.defineProperty(value, name, { value: filled, ...OWN });
      else if (required.has(name)) return undefined;
    }
    return addProperties(schema, place, value);
  };

  const addProperties = (schema: JsonObject, place: Place, value: JsonObject): JsonObject | undefined => {
    const least = toNumber(schema.minProperties) ?? 0;
    const most = toNumber(schema.maxProperties) ?? Number.POSITIVE_INFINITY;
    const spare = [...Object.keys(toObject(schema.properties)), ...toKeywords(place.text, 8), ...NAMES];
    for (const name of spare) {
      if (Object.keys(value).length >= least) break;
      if (Object.hasOwn(value, name)) continue;
      const own = toObject(schema.properties);
      const filled = fill(Object.hasOwn(own, name) ? own[name] : toAdditional(schema, name), {
        ...place,
        name,
        depth: place.depth + 1,
      });
      if (filled !== undefined) value[name] = filled;
    }
    const count = Object.keys(value).length;
    return count >= least && count <= most ? value : undefined;
  };

  const fillArray = (schema: JsonObject, place: Place): Json[] | undefined => {
    const least = toNumber(schema.minItems) ?? 0;
    const most = Math.min(toNumber(schema.maxItems) ?? Math.max(least, 5), Math.max(least, 20));
    if (least > 1_000) return undefined;
    const prefix = Array.isArray(schema.prefixItems) ? schema.prefixItems : [];
    const items: Json[] = [];
    for (const each of prefix.slice(0, Math.max(most, 0))) {
      const value = fill(each, { ...place, depth: place.depth + 1 });
      if (value === undefined) return items.length >= least ? items : undefined;
      items.push(value);
    }
    const unique = schema.uniqueItems === true;
    const add = (value: Json | undefined): void => {
      if (value === undefined || items.length >= most) return;
      if (unique && items.some((each) => JSON.stringify(each) === JSON.stringify(value))) return;
      items.push(value);
    };
    if (schema.contains !== undefined) add(fill(schema.contains, { ...place, depth: place.depth + 1 }));
    const inner = schema.items ?? (items.length < least ? {} : false);
    if (inner !== false && items.length < most && !(least === 0 && isDoing(root, inner))) {
      const itemSchema = merge(resolve(root, inner), root);
      for (const value of fillItems(itemSchema, place, least, most - items.length, unique)) add(value);
    }
    return items.length >= least ? items : undefined;
  };

  const fillItems = (
    schema: JsonObject | undefined,
    place: Place,
    least: number,
    most: number,
    unique: boolean,
  ): Json[] => {
    if (!schema || most <= 0) return [];
    const values: Json[] = [];
    const texts = toItems(schema, place, options.prompt, Math.max(least, Math.min(most, 5)));
    for (const unit of texts) {
      const value = fill(schema, { ...place, ...unit, depth: place.depth + 1 });
      if (value !== undefined) values.push(value);
      if (values.length >= most) return values;
    }
    // The text has less to say than the schema wants: the same again, or counted up where it must differ.
    for (let more = 0; values.length < least * (unique ? 3 : 1) && more < least * 3; more += 1) {
      const value = fill(schema, {
        ...place,
        text: `${place.text} ${more}`,
        facts: { number: more, text: `item ${more}` },
        depth: place.depth + 1,
      });
      if (value === undefined) break;
      values.push(value);
    }
    return values;
  };

  return fill;
}

function toItems(
  schema: JsonObject,
  place: Place,
  prompt: Prompt,
  count: number,
): { text: string; facts?: Unit["facts"] }[] {
  if (toType(schema) === "object") {
    return toUnits(place.text, `${place.name} ${prompt.task}`)
      .slice(0, count)
      .map(({ text, facts }) => ({ text, facts }));
  }
  if (toType(schema) !== "string" || Array.isArray(schema.enum))
    return Array.from({ length: 1 }, () => ({ text: place.text }));
  const words = /tags?$|keywords?$|topics?$|labels?$|categories$/i.test(place.name);
  const texts = words
    ? toKeywords(place.text, count)
    : /file|path/i.test(place.name)
      ? [...new Set(place.text.match(/(?:[\w.-]+\/)+[\w.-]+|[\w-]+\.[a-z]{1,4}\b/g) ?? [])].slice(0, count)
      : pickSentences(place.text, `${place.name} ${place.description ?? ""} ${prompt.task}`, Math.max(count, 3));
  return filterByName(place.name, texts)
    .slice(0, count)
    .map((text) => ({ text, facts: { text } }));
}

/** Items that somebody would carry out: files to write, commands to run. What does not understand proposes none. */
const isDoing = (root: JsonObject, items: Json): boolean => {
  const names = Object.keys(toObject(resolve(root, items)?.properties));
  return names.some((name) => /^(content|patch|diff|command|script|code_change)$/.test(name));
};

const fact = ({ name, facts }: Place): Json | undefined => {
  if (!facts) return undefined;
  const key = name.toLowerCase().replace(/[_-]/g, "");
  return Object.hasOwn(facts, key) ? facts[key] : undefined;
};

function resolve(root: JsonObject, given: Json | undefined): JsonObject | undefined {
  let schema = given;
  for (let hops = 0; hops < 20; hops += 1) {
    if (schema === true || schema === undefined) return {};
    if (!isObject(schema)) return undefined;
    const reference = schema.$ref ?? schema.$dynamicRef;
    if (typeof reference !== "string") return schema;
    const { $ref: _, $dynamicRef: __, ...beside } = schema;
    const target = find(root, reference);
    if (target === undefined) return undefined;
    if (target === true) schema = beside;
    else if (!isObject(target)) return undefined;
    else schema = intersect(target, beside);
  }
  return undefined;
}

function find(root: JsonObject, reference: string): Json | undefined {
  if (reference === "#" || reference === root.$id) return root;
  if (!reference.startsWith("#")) return undefined;
  if (!reference.startsWith("#/")) {
    const anchored = Object.values(toObject(root.$defs)).find(
      (each) => isObject(each) && (each.$anchor === reference.slice(1) || each.$dynamicAnchor === reference.slice(1)),
    );
    return anchored;
  }
  let at: Json | undefined = root;
  for (const part of decodeURIComponent(reference.slice(2)).split("/")) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(at)) at = at[Number(name)];
    else if (isObject(at) && Object.hasOwn(at, name)) at = at[name];
    else return undefined;
  }
  return at;
}

/** `allOf` folded into the schema. */
function merge(schema: JsonObject | undefined, root: JsonObject, depth = 0): JsonObject | undefined {
  if (!schema || !Array.isArray(schema.allOf) || depth > 10) return schema;
  const { allOf, ...rest } = schema;
  let whole: JsonObject | undefined = rest;
  for (const part of allOf as Json[]) {
    const resolved = merge(resolve(root, part), root, depth + 1);
    whole = whole && resolved && intersect(whole, resolved);
  }
  return whole;
}

/** One schema that asks for both. Where they cannot both be said in one, the check at the end decides. */
function intersect(a: JsonObject, b: JsonObject): JsonObject | undefined {
  const both: JsonObject = { ...a, ...b };
  if (isObject(a.properties) && isObject(b.properties)) {
    const properties: JsonObject = { ...a.properties, ...b.properties };
    for (const name of Object.keys(a.properties)) {
      if (Object.hasOwn(b.properties, name))
        properties[name] = { allOf: [a.properties[name] ?? true, b.properties[name] ?? true] };
    }
    both.properties = properties;
  }
  if (Array.isArray(a.required) && Array.isArray(b.required))
    both.required = [...new Set([...a.required, ...b.required])];
  if (Array.isArray(a.enum) && Array.isArray(b.enum)) {
    const others = new Set(b.enum.map((each) => JSON.stringify(each)));
    both.enum = a.enum.filter((each) => others.has(JSON.stringify(each)));
  }
  for (const name of ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"]) {
    if (typeof a[name] === "number" && typeof b[name] === "number") both[name] = Math.max(a[name], b[name]);
  }
  for (const name of ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"]) {
    if (typeof a[name] === "number" && typeof b[name] === "number") both[name] = Math.min(a[name], b[name]);
  }
  if (a.type !== undefined && b.type !== undefined) {
    const types = toTypes(a).filter(
      (type) => toTypes(b).includes(type) || (type === "integer" && toTypes(b).includes("number")),
    );
    if (types.length === 0 && toTypes(b).includes("integer") && toTypes(a).includes("number")) types.push("integer");
    if (types.length === 0) return undefined;
    both.type = types;
  }
  if (Array.isArray(a.allOf) && Array.isArray(b.allOf)) both.allOf = [...a.allOf, ...b.allOf];
  return both;
}

const toTypes = (schema: JsonObject): string[] =>
  Array.isArray(schema.type) ? schema.type.map(String) : typeof schema.type === "string" ? [schema.type] : [];

function toType(schema: JsonObject): string {
  const [first] = toTypes(schema).filter((type) => type !== "null");
  if (first !== undefined) return first;
  if (toTypes(schema).includes("null")) return "null";
  const has = (...names: string[]): boolean => names.some((name) => Object.hasOwn(schema, name));
  if (has("properties", "required", "additionalProperties", "minProperties", "patternProperties")) return "object";
  if (has("items", "prefixItems", "minItems", "contains", "uniqueItems")) return "array";
  if (has("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")) return "number";
  return "string";
}

function toAdditional(schema: JsonObject, name: string): Json | undefined {
  for (const [pattern, inner] of Object.entries(toObject(schema.patternProperties))) {
    try {
      if (createSafePattern(pattern).test(name)) return inner;
    } catch {
      return undefined;
    }
  }
  return schema.additionalProperties ?? {};
}

const fitsType = (value: Json, type: Json | undefined): boolean => {
  if (type === undefined) return true;
  const types = Array.isArray(type) ? type : [type];
  const own = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  return types.some((each) => each === own || (own === "number" && each === "integer" && Number.isInteger(value)));
};

const OWN = { enumerable: true, configurable: true, writable: true };
const NAMES = Array.from({ length: 40 }, (_, index) => `field_${index + 1}`);
const isNull = (choice: Json): boolean => isObject(choice) && (choice.type === "null" || choice.const === null);
const toNumber = (value: Json | undefined): number | undefined => (typeof value === "number" ? value : undefined);
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const toObject = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});
