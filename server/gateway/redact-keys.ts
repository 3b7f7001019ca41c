import type { Json } from "@regent/contract";

/**
 * Takes keys out of texts that leave the gateway. A provider may answer with the request's headers in its error
 * page or in the answer itself; a key must reach neither an error nor a run's record.
 */
export type RedactKeys = (text: string) => string;

export function createRedactKeys(keys: Iterable<string>): RedactKeys {
  const forms = [...keys].filter((key) => key.length >= 6).flatMap(toForms);
  return (text) => {
    let clean = text;
    for (const form of forms) clean = clean.replaceAll(form, HIDDEN);
    return clean.replace(KEY_LIKE, HIDDEN);
  };
}

export const redactJson = (value: Json, redact: RedactKeys): Json => {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((each) => redactJson(each, redact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [redact(name), redactJson(each, redact)]));
};

const HIDDEN = "[key removed]";

// Also keys that are not ours and those half hidden by the provider ("sk-abc***xyz").
const KEY_LIKE = /\b(?:sk-(?:ant-|or-|proj-)?|AIza)[\w*-]{12,}/g;

const toForms = (key: string): string[] => {
  const escaped = JSON.stringify(key).slice(1, -1);
  return [...new Set([key, escaped, encodeURIComponent(key), Buffer.from(key).toString("base64")])];
};
