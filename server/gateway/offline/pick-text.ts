import type { Json, JsonObject } from "@regent/contract";
import { createSafePattern } from "../safe-pattern.ts";
import type { Asked } from "./choose-option.ts";
import { generateMatch } from "./generate-match.ts";
import type { Prompt } from "./read-prompt.ts";
import { pickSentences, shorten, toKeywords } from "./words.ts";
import { toTitle, writeText } from "./write-text.ts";

/** A text for a place of this name. Undefined: none that fits the pattern or the length could be made. */
export function pickText(
  schema: JsonObject,
  place: Asked & { facts?: Record<string, Json> },
  prompt: Prompt,
  fact: Json | undefined,
  mark: string,
): string | undefined {
  const least = typeof schema.minLength === "number" ? schema.minLength : 0;
  const most = typeof schema.maxLength === "number" ? schema.maxLength : Number.POSITIVE_INFINITY;
  if (least > most || least > 100_000) return undefined;
  const fits = (text: string): boolean => toLength(text) >= least && toLength(text) <= most;
  if (typeof schema.pattern === "string") return fromPattern(schema.pattern, place.text, fits, least, most);
  if (typeof schema.format === "string" && Object.hasOwn(FORMATS, schema.format)) {
    const { find, otherwise } = FORMATS[schema.format] ?? {};
    const found = find?.exec(place.text)?.[0] ?? otherwise ?? "";
    if (fits(found)) return found;
  }
  const own = typeof fact === "string" || typeof fact === "number" ? String(fact) : undefined;
  const text = (own ?? byName(place, prompt)).trim();
  return marked(toFit(text || "(nothing in the text)", least, most), most, mark, own === undefined);
}

/** Prose says that it is the offline model's; short values (names, titles, ids) stay as they are. */
function marked(text: string, most: number, mark: string, made: boolean): string {
  const prose = made && text.length >= 80;
  return prose && toLength(text) + mark.length + 1 <= most ? `${text} ${mark}` : text;
}

function byName(place: Asked & { facts?: Record<string, Json> }, prompt: Prompt): string {
  const { name, text } = place;
  const key = name.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
  const question = `${key.replaceAll("_", " ")} ${place.description ?? ""}`;
  const parts = text === prompt.material ? prompt.parts : {};
  const article = /mail|message|paragraph|section/i.test(prompt.task.slice(0, 200)) ? "write" : "article";
  const lead = (count: number): string => pickSentences(text, question, count).join(" ");
  if (/e_?mail|address/.test(key)) return FIND.email.exec(text)?.[0] ?? header(text, "from") ?? "unknown";
  if (/^(url|link|href)$|_url$/.test(key)) return FIND.url.exec(text)?.[0] ?? "unknown";
  if (/date|_at$|^when$/.test(key)) return FIND.date.exec(text)?.[0] ?? "unknown";
  if (/(^|_)(id|number|reference|key)$/.test(key)) return FIND.id.exec(text)?.[0] ?? "unknown";
  if (/customer|sender|author|^from$|^name$|contact/.test(key))
    return toName(header(text, "from")) ?? properName(text) ?? keyword(text);
  if (/title|headline|subject|heading/.test(key))
    return withWord(parts[key] ?? header(text, "subject") ?? toTitle(text), prompt.task);
  if (/slug/.test(key))
    return toTitle(text)
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, "-")
      .replace(/^-|-$/g, "");
  if (/language|locale/.test(key)) return "en";
  if (/category|topic|tag|keyword|label|type|kind/.test(key)) return keyword(text);
  if (/meta_?description|excerpt|teaser|reason|rationale|because|why/.test(key)) return shorten(lead(1), 160);
  if (/outline/.test(key)) return writeText({ task: "outline", material: text, parts: {} });
  if (/reply|response|answer|draft_?(mail|email|reply)/.test(key))
    return writeText({ task: "reply", material: text, parts });
  if (/article|post|body|content|draft|markdown|page|^text$/.test(key))
    return writeText({ task: `${article} ${prompt.task}`, material: text, parts });
  if (/summary|report|overview|analysis|review|findings|notes/.test(key)) {
    return writeText({ task: `summary ${prompt.task.slice(0, 500)}`, material: text, parts: {} });
  }
  return shorten(lead(1), 300);
}

const toFit = (text: string, least: number, most: number): string => {
  const short = toLength(text) > most ? (most === Number.POSITIVE_INFINITY ? text : cut(text, most)) : text;
  return toLength(short) >= least ? short : short.padEnd(least + (short.length - toLength(short)), " .");
};

/** JSON Schema counts characters (code points), JavaScript counts halves of them. */
const toLength = (text: string): number => [...text].length;
const cut = (text: string, most: number): string => {
  const short = shorten(text, most);
  return toLength(short) <= most ? short : [...text].slice(0, most).join("");
};

function fromPattern(
  pattern: string,
  text: string,
  fits: (text: string) => boolean,
  least: number,
  most: number,
): string | undefined {
  let expression: RegExp;
  try {
    expression = createSafePattern(pattern);
  } catch {
    return undefined;
  }
  const words = text.slice(0, 50_000).match(/[^\s,;()"']{1,60}/g) ?? [];
  const found = words.slice(0, 2_000).find((word) => expression.test(word) && fits(word));
  if (found !== undefined) return found;
  const made = generateMatch(pattern, least, most);
  return made !== undefined && expression.test(made) && fits(made) ? made : undefined;
}

/** "… with the word "notes" in it" */
const withWord = (text: string, task: string): string => {
  const [, word] = /with the words? "([^"\n]{1,60})"/i.exec(task) ?? [];
  return word && !text.toLowerCase().includes(word.toLowerCase()) ? `${word}: ${text}` : text;
};

const keyword = (text: string): string => toKeywords(text, 1)[0]?.replace(/(?<=[^s]{3})s$/, "") ?? "general";

const header = (text: string, name: string): string | undefined =>
  new RegExp(`^\\s*${name}\\s*:\\s*(.{1,200})$`, "im").exec(text)?.[1]?.trim();

const toName = (from: string | undefined): string | undefined =>
  from
    ?.replace(/<[^>]*>/, "")
    .replace(/"/g, "")
    .trim() || from;

const properName = (text: string): string | undefined =>
  /(?<![.!?]\s)(?<!^)\b\p{Lu}\p{Ll}+(?: \p{Lu}\p{Ll}+)+/mu.exec(text.slice(0, 50_000))?.[0];

const FIND = {
  email: /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}/,
  url: /https?:\/\/[^\s<>"')]{1,500}/,
  date: /\b\d{4}-\d{2}-\d{2}(?:T[\d:.]{5,12}Z?)?/,
  id: /#\d{1,12}\b|\b[A-Z]{2,10}-\d{1,10}\b|\b[a-z]{2,5}_[A-Za-z0-9]{4,40}\b/,
};

const FORMATS: Record<string, { find: RegExp; otherwise: string }> = {
  "date-time": {
    find: /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})/,
    otherwise: "1970-01-01T00:00:00Z",
  },
  date: { find: /\b\d{4}-\d{2}-\d{2}\b/, otherwise: "1970-01-01" },
  time: { find: /\b\d{2}:\d{2}:\d{2}Z/, otherwise: "00:00:00Z" },
  email: { find: FIND.email, otherwise: "unknown@example.invalid" },
  uri: { find: FIND.url, otherwise: "https://example.invalid/" },
  uuid: {
    find: /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/i,
    otherwise: "00000000-0000-4000-8000-000000000000",
  },
};
