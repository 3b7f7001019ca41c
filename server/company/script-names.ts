/**
 * Names that a shell script reads from outside, and its text with `${inputs.x}` as `${x}`. A value reaches the script
 * as an environment variable and never becomes part of its text.
 */
export interface ScriptNames {
  script: string;
  /** `${name}` that the script neither sets nor gives a default. */
  required: { name: string; offset: number }[];
  /** `$name`, and `${name:-default}`: read where the name is in scope. */
  optional: string[];
  /** `${product.name}` and the like, which no shell can read. */
  dotted: { text: string; offset: number }[];
}

export function readScriptNames(source: string): ScriptNames {
  const script = source.replace(/\$\{inputs\.([A-Za-z_]\w*)/g, "$${$1");
  if (isOtherInterpreter(script)) return { script, required: [], optional: wordsOf(script), dotted: [] };
  const own = namesSetIn(script);
  const required = new Map<string, number>();
  const optional = new Set<string>();
  const dotted: { text: string; offset: number }[] = [];
  for (const { text, offset } of expansionsOf(script)) {
    const braced = /^\$\{[#!]?([A-Za-z_]\w*)(.?)/s.exec(text);
    const name = braced?.[1] ?? text.slice(1);
    const next = braced?.[2];
    if (next === ".") dotted.push({ text, offset });
    // Names in capitals belong to the shell's world (HOME, PATH); inputs of that name are still found.
    else if (braced === null || own.has(name) || /^[A-Z_0-9]+$/.test(name) || hasDefault(text, name))
      optional.add(name);
    else if (!required.has(name)) required.set(name, offset);
  }
  return {
    script,
    required: [...required].map(([name, offset]) => ({ name, offset })),
    optional: [...optional],
    dotted,
  };
}

const isOtherInterpreter = (script: string): boolean =>
  script.startsWith("#!") && !/^#!.*\b(?:ba|da|z|k)?sh\b/.test(script);

const wordsOf = (script: string): string[] => [...new Set(script.match(/[A-Za-z_]\w*/g) ?? [])];

const hasDefault = (text: string, name: string): boolean => /^:?[-+=?]/.test(text.slice(2 + name.length));

function namesSetIn(script: string): Set<string> {
  const names = new Set<string>();
  for (const [, name] of script.matchAll(
    /(?:^|[\s;&|(])(?:(?:export|local|readonly|declare)\s+(?:-\w+\s+)*)?([A-Za-z_]\w*)\+?=/gm,
  ))
    names.add(name!);
  for (const [, name] of script.matchAll(/\bfor\s+([A-Za-z_]\w*)/g)) names.add(name!);
  for (const [, list] of script.matchAll(/\bread\s+((?:-\w+\s+)*[A-Za-z_][\w \t]*)/g)) {
    for (const name of list!.split(/\s+/)) if (/^[A-Za-z_]/.test(name)) names.add(name);
  }
  return names;
}

/** Every `$name` and `${name…}` that the shell would expand: not in single quotes, not in comments, not escaped. */
function expansionsOf(script: string): { text: string; offset: number }[] {
  const found: { text: string; offset: number }[] = [];
  let quoted = false;
  for (let i = 0; i < script.length; i += 1) {
    const char = script[i]!;
    if (char === "\\") i += 1;
    else if (char === '"') quoted = !quoted;
    else if (char === "'" && !quoted) i = endOf(script, "'", i + 1);
    else if (char === "#" && !quoted && (i === 0 || /\s/.test(script[i - 1]!))) i = endOf(script, "\n", i);
    else if (char === "$") {
      const match = /^\$(?:\{[#!]?[A-Za-z_]\w*[^}]*\}?|[A-Za-z_]\w*)/.exec(script.slice(i, i + 300));
      if (match !== null) {
        found.push({ text: match[0], offset: i });
        // Only the name is stepped over: a default may hold further names.
        i += /^\$\{?[#!]?\w+/.exec(match[0])![0].length - 1;
      }
    }
  }
  return found;
}

function endOf(script: string, until: string, from: number): number {
  const end = script.indexOf(until, from);
  return end < 0 ? script.length : end;
}
