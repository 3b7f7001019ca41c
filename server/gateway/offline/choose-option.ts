import type { Json } from "@regent/contract";
import { toStem, toWords } from "./words.ts";

/** What a place is about; a part of `Place`. */
export interface Asked {
  name: string;
  text: string;
  description?: string;
}

/** The option that the text speaks of most; without any sign the one that commits least. */
export function chooseOption(options: Json[], place: Asked, _task: string): Json | undefined {
  const words = toCounts(place.text);
  const scored = options.map((option, index) => ({ option, index, score: toScore(String(option), words) }));
  const [best] = scored.sort((a, b) => b.score - a.score || a.index - b.index);
  if (best && best.score > 0) return best.option;
  return options.find((option) => typeof option === "string" && MILD.test(option)) ?? options[0];
}

/** True where the text shows what the name asks, and does not deny it. */
export function isTrue(place: Asked, _task: string): boolean {
  const words = toCounts(place.text);
  const name = place.name.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
  const parts = name.split(/[_\s-]+/).filter((part) => !/^(is|has|needs?|should|can|was|requires?)$/.test(part));
  return parts.some((part) => toScore(part, words) > 0 && !isDenied(part, place.text));
}

/** Texts that speak of what a list's name asks for (`fixed`, `new`); all of them when the name asks for nothing known. */
export function filterByName(name: string, texts: string[]): string[] {
  const signs = toWords(name.replace(/[_-]/g, " ")).flatMap((word) => SIGNS.get(word) ?? []);
  if (signs.length === 0) return texts;
  const wanted = new Set(signs);
  return texts.filter((text) => toWords(text).some((word) => wanted.has(word)));
}

const isDenied = (word: string, text: string): boolean =>
  new RegExp(`\\b(no|not|never|without|isn't|aren't)\\s+(\\w+\\s+)?${word.replace(/\W/g, "")}`, "i").test(text);

function toScore(option: string, words: Map<string, number>): number {
  const own = toWords(option.replace(/[_-]/g, " "));
  const exact = own.reduce((sum, word) => sum + (words.get(word) ?? 0), 0);
  const signs = own.flatMap((word) => SIGNS.get(word) ?? []);
  return exact * 2 + signs.reduce((sum, sign) => sum + (words.get(sign) ?? 0), 0);
}

function toCounts(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of toWords(text.slice(0, 200_000))) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

const MILD = /^(other|general|none|unknown|neutral|medium|normal|unclear|default|misc|question|low|info|no)$/i;

// Words that stand for a category in the mails and texts of a company.
const SIGNS = new Map<string, string[]>(
  Object.entries({
    billing: "invoice charge charged refund payment pay paid card subscription price money receipt billed vat",
    payment: "invoice charge charged refund paid card receipt",
    refund: "refund money back charged twice return",
    technical: "error bug crash broken fail login password api install slow timeout exception cannot",
    bug: "error crash broken fail exception wrong bug regression incorrect stack trace",
    feature: "feature would like wish add support integration request suggestion idea",
    request: "please would like could request",
    question: "how what where when question wonder",
    account: "login password account email sign profile locked access",
    sales: "demo quote pricing buy purchase enterprise trial plan",
    shipping: "delivery shipment parcel tracking arrived package order courier",
    complaint: "angry disappointed unacceptable terrible complaint worst",
    spam: "lottery winner viagra crypto unsubscribe prize casino seo backlinks",
    security: "vulnerability leak password breach phishing attack token exposed hacked",
    urgent: "urgent asap immediately down outage critical emergency blocked",
    critical: "critical outage down urgent breach immediately production emergency",
    high: "urgent asap immediately high serious broken blocked cannot unacceptable",
    low: "whenever minor small typo cosmetic question curious",
    escalate: "lawyer legal refund angry cancel urgent complaint manager",
    human: "lawyer legal refund angry cancel urgent complaint manager",
    positive: "great thanks thank love excellent good happy perfect awesome helpful like growth grew",
    negative: "bad terrible angry disappointed broken unacceptable hate worst frustrated late never cannot wrong",
    neutral: "question information",
    frustrated: "angry again still frustrated waiting unacceptable annoyed",
    angry: "angry unacceptable terrible worst furious lawyer",
    unhappy: "disappointed twice again still problem wrong annoyed waiting unhappy sorry",
    new: "add added new support introduce allow first",
    added: "add added new support introduce allow",
    fixed: "fix fixed correct repair bug resolve prevent",
    removed: "remove removed drop delete deprecate",
    happy: "thanks thank love great happy perfect",
    reject: "secret password unsafe risk vulnerability failed",
    approve: "passed ok clean fine",
  }).map(([name, signs]) => [toStem(name), signs.split(" ").map(toStem)]),
);
