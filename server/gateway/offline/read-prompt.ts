/** Tells what is asked from what it is asked about, in the messages of a request. */
import type { ModelMessage } from "../gateway.ts";

export interface Prompt {
  /** What the model is to do, with its role. */
  task: string;
  /** What it is to do it with: data blocks, or the long part of the prompt. */
  material: string;
}

export function readPrompt(messages: ModelMessage[]): Prompt {
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  const user = messages.filter(({ role }) => role === "user").map(({ content }) => content);
  const text = user.join("\n\n");
  const { blocks, outside } = takeDataBlocks(text.slice(0, TEXT_MAX));
  if (blocks.length > 0 && outside.length < 4_000) {
    return { task: [outside, ...system].join("\n"), material: toPlain(blocks.join("\n\n")) };
  }
  const { task, material } = split(outside);
  return { task: [task, ...system].join("\n"), material: toPlain([material, ...blocks].join("\n\n").trim()) };
}

const TEXT_MAX = 1_000_000;

/** How agents mark data: the hex digits are of the content, so that the content cannot close its own mark. */
function takeDataBlocks(text: string): { blocks: string[]; outside: string } {
  const open = /<data-([0-9a-f]{8,64}) name="[^"\n]{0,100}"[^>\n]{0,100}>\n/g;
  const blocks: string[] = [];
  let outside = "";
  let at = 0;
  for (let tried = 0; tried < 100; tried += 1) {
    open.lastIndex = at;
    const found = open.exec(text);
    if (!found) break;
    const from = found.index + found[0].length;
    const close = text.indexOf(`\n</data-${found[1]}>`, from - 1);
    if (close < 0) break;
    outside += text.slice(at, found.index);
    blocks.push(text.slice(from, Math.max(from, close)));
    at = close + `\n</data-${found[1]}>`.length;
  }
  return { blocks, outside: (outside + text.slice(at)).trim() };
}

/** The first paragraph, and what follows it as long as it speaks like a task, is the task. */
function split(text: string): Prompt {
  const parts = text.split(/\n\s*\n/);
  let count = 1;
  while (count < 6 && (parts[count]?.length ?? Number.POSITIVE_INFINITY) < 600 && isTask(parts[count])) count += 1;
  const material = parts.slice(count).join("\n\n");
  const [first = "", ...rest] = text.split("\n");
  if (material === "" && rest.length > 1) return { task: first, material: rest.join("\n") };
  return { task: parts.slice(0, count).join("\n"), material: material || text };
}

const isTask = (text = ""): boolean =>
  /^(\s*[-*\d.]*\s*)(write|answer|give|list|use|return|keep|do not|don't|be|name|say|find|make|classify|summari[sz]e|review|decide|choose)\b/i.test(
    text,
  );

/** A value rendered as JSON text reads better as lines: `name: value`. */
function toPlain(text: string): string {
  const trimmed = text.trim();
  if (!/^[[{"]/.test(trimmed) || trimmed.length > 500_000) return text;
  try {
    return toLines(JSON.parse(trimmed), "").join("\n");
  } catch {
    return text;
  }
}

function toLines(value: unknown, name: string, depth = 0): string[] {
  if (depth > 20) return [];
  if (Array.isArray(value)) return value.flatMap((each) => [...toLines(each, name, depth + 1), ""]);
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, each]) => toLines(each, key, depth + 1));
  }
  if (typeof value === "string" && value.includes("\n")) return [value];
  return [name === "" ? String(value) : `${name}: ${value}`];
}
