/** Reads a unified diff and names added lines that a reviewer would stop at. */

export interface Finding {
  file: string;
  line: number;
  severity: "high" | "medium" | "low";
  message: string;
  code: string;
}

export interface Review {
  files: { path: string; added: number; removed: number }[];
  notes: Finding[];
}

/** Null: it is no diff. */
export function reviewDiff(text: string): Review | null {
  if (!/^@@ -\d+(,\d+)? \+\d+(,\d+)? @@/m.test(text)) return null;
  const review: Review = { files: [], notes: [] };
  let file: Review["files"][number] | undefined;
  let line = 0;
  for (const raw of text.split("\n").slice(0, 200_000)) {
    const path = /^\+\+\+ (?:b\/)?(.+?)\s*$/.exec(raw)?.[1];
    const hunk = /^@@ -\d+(?:,\d+)? \+(\d+)/.exec(raw)?.[1];
    if (path !== undefined) {
      file = { path, added: 0, removed: 0 };
      review.files.push(file);
    } else if (hunk !== undefined) line = Number(hunk);
    else if (file && raw.startsWith("+")) {
      file.added += 1;
      review.notes.push(...toFindings(file.path, line, raw.slice(1)));
      line += 1;
    } else if (file && raw.startsWith("-") && !raw.startsWith("--- ")) file.removed += 1;
    else if (raw.startsWith(" ")) line += 1;
  }
  review.notes.push(...toMissingTests(review.files));
  review.notes.sort((a, b) => RANK[a.severity] - RANK[b.severity]);
  return review;
}

const RANK = { high: 0, medium: 1, low: 2 } as const;

const RISKS: readonly [RegExp, Finding["severity"], string][] = [
  [
    /(password|passwd|secret|api_?key|token)\s*[:=]\s*["'][^"']{6,}["']/i,
    "high",
    "a secret seems to stand in the code",
  ],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, "high", "a private key stands in the code"],
  [/\beval\s*\(|new Function\s*\(|\bexec\s*\(\s*[`"'].*\$\{|os\.system\(/, "high", "text is run as code"],
  [/(select|insert|update|delete)\b.*(\+\s*\w+|\$\{|%s.*%|\.format\()/i, "high", "SQL is built from pieces of text"],
  [/innerHTML\s*=|dangerouslySetInnerHTML/, "high", "HTML is set from a value"],
  [/rejectUnauthorized\s*:\s*false|verify\s*=\s*False|InsecureSkipVerify/, "high", "TLS certificates are not checked"],
  [/catch\s*(\([^)]*\))?\s*\{\s*\}|except\s*:\s*(pass)?$|except Exception:\s*pass/, "medium", "an error is swallowed"],
  [/\bMath\.random\(\).*(token|id|key|secret)/i, "medium", "Math.random is no source of secrets"],
  [/\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b/, "medium", "it says itself that it is not finished"],
  [/\bas any\b|:\s*any\b|@ts-ignore|# type: ignore|eslint-disable/, "medium", "a check is switched off"],
  [/==\s*(null|undefined)\b(?!\s*=)|[^=!<>]==[^=]\s*["'\d]/, "low", "a loose comparison"],
  [/\bconsole\.log\(|\bprint\(\s*["']debug|\bdebugger\b|\bfmt\.Println\("DEBUG/i, "low", "debugging output is left in"],
  [/\b(it|test|describe)\.(only|skip)\(/, "medium", "a test is skipped, or all others are"],
  [/\bsleep\(\s*\d|setTimeout\([^,]+,\s*\d{4,}/, "low", "it waits for a fixed time"],
];

function toFindings(file: string, line: number, code: string): Finding[] {
  const text = code.slice(0, 500);
  const found = RISKS.filter(([pattern]) => pattern.test(text)).map(([, severity, message]) => ({
    file,
    line,
    severity,
    message,
    code: text.trim(),
  }));
  return found.slice(0, 2);
}

function toMissingTests(files: Review["files"]): Finding[] {
  const isTest = (path: string): boolean => /(^|[/._-])(tests?|spec)([/._-]|$)/i.test(path);
  const code = files.filter(({ path, added }) => added > 5 && /\.(ts|tsx|js|py|go|rb|rs|java|php)$/.test(path));
  const untested = code.filter(({ path }) => !isTest(path));
  if (untested.length === 0 || files.some(({ path }) => isTest(path))) return [];
  const [first] = untested;
  const message = "code changes and no test does";
  return first ? [{ file: first.path, line: 1, severity: "low", message, code: "" }] : [];
}
