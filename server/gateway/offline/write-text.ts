/** Free text for a task, made of the material's own sentences and figures. */
import type { Prompt } from "./read-prompt.ts";
import { reviewDiff } from "./review-diff.ts";
import { describeTable, readTable } from "./table.ts";
import { findPassage, pickSentences, shorten, toKeywords } from "./words.ts";

export function writeText({ task, material, parts }: Prompt): string {
  const kind = toKind(task);
  const wordsMax = Number(/at most (\d{1,4}) words/i.exec(task)?.[1] ?? 400);
  if (material.trim() === "") return `There was nothing to work on. The task was: ${shorten(task.trim(), 300)}`;
  const findings = reviewDiff(material);
  if (findings && kind !== "article") return writeReview(findings);
  const table = readTable(material);
  if (table && kind !== "reply") return describeTable(table);
  if (kind === "outline") return writeOutline(material, task);
  if (kind === "article") return writeArticle(material, task);
  if (kind === "reply") return writeReply(material, parts, task);
  if (kind === "prose") return limitWords(writeProse(material, parts, task), wordsMax);
  return pickSentences(material, task, 5)
    .map((sentence) => `- ${shorten(sentence, 400)}`)
    .join("\n");
}

type Kind = "summary" | "outline" | "article" | "reply" | "prose";

// The kind that is asked for first in the text wins.
function toKind(task: string): Kind {
  const places: [Kind, number][] = [
    ["outline", task.search(/\boutline\b|\bstructure of\b|\btable of contents\b/i)],
    ["article", task.search(/\b(blog|article|post|essay|newsletter|draft (?:a|the) (?:text|page))\b/i)],
    ["reply", task.search(/\b(reply|respond|(?:draft|write) an? (?:answer|response)|answer (?:the|this|to)\b)/i)],
    ["prose", task.search(/\b(?:write|draft|compose)\b(?! an? (?:answer|response|reply))/i)],
    ["summary", task.search(/\b(summar|sum up|report|digest|key points|analy[sz]e|research)/i)],
  ];
  // "Write a blog post": what is written says more than that it is written.
  const found = places
    .filter(([, at]) => at >= 0)
    .map(([kind, at]): [Kind, number] => [kind, kind === "prose" ? at + 40 : at])
    .sort((a, b) => a[1] - b[1]);
  return found[0]?.[0] ?? "summary";
}

function writeReview(findings: ReturnType<typeof reviewDiff> & object): string {
  const files = findings.files.map(({ path, added, removed }) => `- ${path}: +${added} −${removed}`);
  const notes = findings.notes.map(({ file, line, severity, message }) => `- ${severity}: ${file}:${line} ${message}`);
  return [
    `${findings.files.length} changed ${findings.files.length === 1 ? "file" : "files"}:`,
    ...files.slice(0, 30),
    notes.length > 0 ? "Worth a look:" : "Nothing in the added lines matched a known risk.",
    ...notes.slice(0, 30),
  ].join("\n");
}

function writeOutline(material: string, task: string): string {
  const title = toTitle(material);
  const headings = toHeadings(material);
  const points = headings.length >= 2 ? headings : pickSentences(material, task, 5).map((each) => shorten(each, 90));
  return [`# ${title}`, ...points.slice(0, 8).map((point, index) => `${index + 1}. ${point}`)].join("\n");
}

function writeArticle(material: string, task: string): string {
  const title = toTitle(material);
  const opening = pickSentences(material, `${title} ${task}`, 2);
  const sections = toSections(material).map(({ heading, body }) => {
    const sentences = pickSentences(body, heading, 4).filter((each) => !opening.includes(each));
    return sentences.length > 0 ? `## ${heading}\n\n${sentences.join(" ")}` : "";
  });
  const rest = sections.some((section) => section !== "")
    ? sections.filter((section) => section !== "").slice(0, 8)
    : [
        pickSentences(material, task, 8)
          .filter((each) => !opening.includes(each))
          .join(" "),
      ];
  return [`# ${title}`, opening.join(" "), ...rest].filter((part) => part !== "").join("\n\n");
}

/** What the knowledge says about the question, or that somebody will look at it. */
function writeReply(material: string, parts: Prompt["parts"], task: string): string {
  const { source, question } = toSource(material, parts);
  const about = toKeywords(question, 3).join(", ");
  const passage = source === undefined ? undefined : findPassage(source, question);
  const facts = passage === undefined ? [] : pickSentences(passage, question, 3);
  if (facts.length > 0) return `Thank you for your message.\n\n${facts.join(" ")}`;
  const quoted = pickSentences(question, task, 2).map((sentence) => `> ${shorten(sentence, 300)}`);
  return [`Thank you for your message about ${about}.`, ...quoted, "A colleague will look into it."].join("\n");
}

function writeProse(material: string, parts: Prompt["parts"], task: string): string {
  const { source, question } = toSource(material, parts);
  const from = source === undefined ? material : (findPassage(source, question) ?? source);
  return pickSentences(from, `${question.slice(0, 500)} ${task}`, 5).join(" ");
}

/** Which part is the material to draw from, and which say what is wanted of it. */
function toSource(material: string, parts: Prompt["parts"]): { source: string | undefined; question: string } {
  const names = Object.keys(parts);
  const name = names.find((each) => /knowledge|passages|notes|sources?|docs|faq|context|material/.test(each));
  const others = names.filter((each) => each !== name).map((each) => parts[each]);
  return name === undefined || others.length === 0
    ? { source: undefined, question: material }
    : { source: parts[name], question: others.join("\n") };
}

function limitWords(text: string, most: number): string {
  const words = text.split(/(?<=\s)/);
  return words.length <= most ? text : `${words.slice(0, most).join("").trimEnd()} …`;
}

export function toTitle(material: string): string {
  const [heading] = toHeadings(material);
  if (heading) return shorten(heading, 100);
  const subject = /^\s*(?:subject|title)\s*:\s*(.+)$/im.exec(material)?.[1];
  if (subject) return shorten(subject.trim(), 100);
  const [first] = pickSentences(material, "", 1);
  const plain = (first ?? toKeywords(material, 4).join(" ")).replace(/^[\w ]{1,30}:\s+(?=\D)/, "");
  return shorten(plain, 80).replace(/[.!?]+$/, "");
}

const toHeadings = (material: string): string[] =>
  [...material.matchAll(/^#{1,4}\s+(.+)$/gm)].map(([, heading]) => (heading ?? "").trim()).slice(0, 50);

function toSections(material: string): { heading: string; body: string }[] {
  return material
    .split(/^(?=#{1,4}\s+)/m)
    .map((part) => {
      const [first = "", ...rest] = part.split("\n");
      return { heading: first.replace(/^#+\s+/, "").trim(), body: rest.join("\n"), headed: first.startsWith("#") };
    })
    .filter(({ headed, body }) => headed && body.trim() !== "");
}
