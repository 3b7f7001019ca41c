/** Words and sentences of a text, and which of them matter. Plain counting: the same text gives the same answer. */

const STOP = new Set(
  `a about after all also am an and any are as at be because been before being between both but by can could did do does
   doing each for from had has have he her here hers him his how i if in into is it its just me more most my no nor not
   of off on once only or other our out over own same she should so some such than that the their them then there these
   they this those through to too under until up very was we were what when where which while who whom why will with
   would you your please write answer give summary summarise summarize text data name input output json schema fits role
   model agent stage task following below using use make list`.split(/\s+/),
);

export const toWords = (text: string): string[] =>
  (text.toLowerCase().match(/[\p{L}][\p{L}\p{N}_'-]{1,40}/gu) ?? []).map(toStem);

/** Good enough to join singular and plural, and the usual endings. */
export const toStem = (word: string): string => {
  const plain = word.toLowerCase().replace(/['_-]+$/, "");
  if (plain.length <= 4) return plain;
  return plain.replace(/(ies)$/, "y").replace(/(?:ing|ed|es|s|ly)$/, "");
};

function toSentences(text: string): string[] {
  return joinWrapped(text)
    .split(/\n+/)
    .flatMap((line) => line.trim().split(/(?<=[.!?])\s+(?=[\p{Lu}\p{N}"'(])/u))
    .map((sentence) => sentence.replace(/^(?:[-*•>#]+|\d+[.)])\s+/, "").trim())
    .filter((sentence) => /\p{L}{2}/u.test(sentence))
    .slice(0, 5_000);
}

/** A line that was broken at the margin goes on in the next one. */
const joinWrapped = (text: string): string =>
  text.replace(/(?<=[^\n]{60})(?<![.!?:])\n(?=[\p{Ll}\p{Lu}"'(\d][^\n:]{0,400})(?!\s*(?:[-*•#>|]|\d+[.)]\s))/gu, " ");

/**
 * The part of a text that speaks of the question: parts stand between headings or empty lines. Undefined when none
 * shares two words with it.
 */
export function findPassage(text: string, question: string): string | undefined {
  const passages = text.split(/^(?=#{1,4}\s)|\n\s*\n(?!#)/m).filter((part) => toSentences(part).length > 0);
  const joined = passages.flatMap((part, index) =>
    part.startsWith("#") && !part.includes("\n") && passages[index + 1]
      ? [`${part}\n\n${passages[index + 1]}`]
      : [part],
  );
  const asked = new Set(toWords(question).filter((word) => !STOP.has(word)));
  const common = (word: string): number => joined.filter((part) => toWords(part).includes(word)).length;
  const weights = new Map([...asked].slice(0, 200).map((word) => [word, 1 / Math.max(1, common(word))]));
  const scored = joined.map((part) => {
    const shared = [...new Set(toWords(part))].filter((word) => asked.has(word));
    return { part, shared: shared.length, score: shared.reduce((sum, word) => sum + (weights.get(word) ?? 0), 0) };
  });
  const [best] = scored.filter(({ shared }) => shared >= 2).sort((a, b) => b.score - a.score);
  // The heading has served to find it.
  return best?.part.replace(/^#{1,4}\s.*\n(?=[\s\S]*\S)/, "");
}

/** The words that a text is about, most frequent first; ties in order of appearance. */
export function toKeywords(text: string, count: number): string[] {
  const counts = new Map<string, { shown: string; times: number }>();
  for (const word of text.toLowerCase().match(/[\p{L}][\p{L}\p{N}_'-]{2,40}/gu) ?? []) {
    const stem = toStem(word);
    if (STOP.has(word) || STOP.has(stem)) continue;
    const seen = counts.get(stem);
    if (seen) seen.times += 1;
    else counts.set(stem, { shown: word.replace(/'s$/, ""), times: 1 });
  }
  return [...counts.values()]
    .sort((a, b) => b.times - a.times)
    .slice(0, count)
    .map(({ shown }) => shown);
}

/**
 * The sentences that say most about a question and about the text as a whole, in their order in the text.
 * A sentence counts by its frequent words and by those it shares with the question; early ones count a little more.
 */
export function pickSentences(text: string, question: string, count: number): string[] {
  const sentences = [...new Set(toSentences(text))];
  const weights = toWeights(sentences);
  const asked = new Set(toWords(question).filter((word) => !STOP.has(word)));
  const scored = sentences.map((sentence, index) => {
    const words = toWords(sentence).filter((word) => !STOP.has(word));
    const unique = [...new Set(words)];
    const own = unique.reduce((sum, word) => sum + (weights.get(word) ?? 0) * (asked.has(word) ? 3 : 1), 0);
    const figures = /\d/.test(sentence) ? 1.15 : 1;
    const length = Math.max(4, words.length) ** 0.7;
    return { sentence, index, score: ((own / length) * figures * (words.length < 3 ? 0.4 : 1)) / (1 + index / 200) };
  });
  return scored
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, count)
    .sort((a, b) => a.index - b.index)
    .map(({ sentence }) => sentence);
}

function toWeights(sentences: string[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const sentence of sentences) {
    for (const word of new Set(toWords(sentence))) {
      if (!STOP.has(word)) weights.set(word, (weights.get(word) ?? 0) + 1);
    }
  }
  return weights;
}

/** Cuts at a word, with an ellipsis. */
export const shorten = (text: string, max: number): string => {
  if (text.length <= max) return text;
  if (max < 2) return text.slice(0, Math.max(0, max));
  const cut = text.slice(0, max - 1);
  const space = cut.lastIndexOf(" ");
  return `${(space > max * 0.6 ? cut.slice(0, space) : cut).trimEnd()}…`;
};
