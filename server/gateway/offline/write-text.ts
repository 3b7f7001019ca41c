/** Free text for a task, made of the material's own sentences and figures. */
import type { Prompt } from "./read-prompt.ts";
import { reviewDiff } from "./review-diff.ts";
import { describeTable, readTable } from "./table.ts";
import { pickSentences, shorten, toKeywords } from "./words.ts";

export function writeText({ task, material }: Prompt): string {
  const kind = toKind(task);
  if (material.trim() === "") return `There was nothing to work on. The task was: ${shorten(task.trim(), 300)}`;
  const findings = reviewDiff(material);
  if (findings && kind !== "article") return writeReview(findings);
  const table = readTable(material);
  if (table && kind !== "reply") return describeTable(table);
  if (kind === "outline") return writeOutline(material, task);
  if (kind === "article") return writeArticle(material, task);
  if (kind === "reply") return writeReply(material, task);
  return pickSentences(material, task, 5)
    .map((sentence) => `- ${shorten(sentence, 400)}`)
    .join("\n");
}

type Kind = "summary" | "outline" | "article" | "reply";

// The kind that is asked for first in the text wins.
function toKind(task: string): Kind {
  const places: [Kind, number][] = [
    ["outline", task.search(/\boutline\b|\bstructure of\b|\btable of contents\b/i)],
    ["article", task.search(/\b(blog|article|post|essay|newsletter|draft (?:a|the) (?:text|page))\b/i)],
    [
      "reply",
      task.search(/\b(reply|respond|response|answer (?:the|this|to) (?:customer|mail|message|ticket|email))\b/i),
    ],
    ["summary", task.search(/\b(summar|sum up|report|digest|key points|analy[sz]e|research)/i)],
  ];
  const found = places.filter(([, at]) => at >= 0).sort((a, b) => a[1] - b[1]);
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

function writeReply(material: string, task: string): string {
  const about = toKeywords(material, 3).join(", ");
  const facts = pickSentences(material, task, 3).map((sentence) => `> ${shorten(sentence, 300)}`);
  return [
    `Thank you for writing to us about ${about}.`,
    "What we took from your message:",
    ...facts,
    "A colleague will look at it and come back to you.",
  ].join("\n");
}

export function toTitle(material: string): string {
  const [heading] = toHeadings(material);
  if (heading) return shorten(heading, 100);
  const subject = /^\s*(?:subject|title)\s*:\s*(.+)$/im.exec(material)?.[1];
  if (subject) return shorten(subject.trim(), 100);
  const [first] = pickSentences(material, "", 1);
  return shorten(first ?? toKeywords(material, 4).join(" "), 80).replace(/[.!?…]+$/, "");
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
