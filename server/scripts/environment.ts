import { fail, type Json } from "@regent/contract";
import type { Scope } from "#kernel";

/**
 * Names in scope as environment variables. Scripts are never edited by substitution: `${app_name}` is the shell's own
 * expansion, so a value cannot become code. Texts stay as they are, everything else is JSON.
 *
 * Names that steer programs (`PATH`, `LD_PRELOAD`, `NODE_OPTIONS` …) are never set: an input called so is still in
 * `inputs`.
 * @throws script_value_refused  a value that the script reads does not fit into an environment variable
 */
export function toEnvironment(scope: Scope, reads: readonly string[]): Record<string, string> {
  const env: Record<string, string> = {};
  let total = 0;
  const wanted = new Set(reads);
  // What the script reads comes first, then small before large: the rest is convenience and stops at the total.
  const names = Object.keys(scope).filter((name) => isUsable(name));
  const values = names.map((name) => ({ name, text: toText(scope[name]!), wanted: wanted.has(name) }));
  values.sort((a, b) => Number(b.wanted) - Number(a.wanted) || a.text.length - b.text.length);
  for (const { name, text, wanted } of values) {
    const bytes = Buffer.byteLength(text) + name.length + 2;
    const problem = text.includes("\0")
      ? "it holds a NUL character"
      : bytes > VALUE_BYTES || total + bytes > TOTAL_BYTES
        ? `it is ${bytes} bytes; one variable holds ${VALUE_BYTES}, all together ${TOTAL_BYTES}. Give it as \`input:\` and read it from standard input`
        : undefined;
    if (problem && wanted) throw fail("script_value_refused", { name, reason: problem });
    if (problem) continue;
    env[name] = text;
    total += bytes;
  }
  return env;
}

// Linux: one argument or variable holds 128 KB (MAX_ARG_STRLEN), all together a quarter of the stack limit (2 MB of
// 8). The sandbox hands variables over twice, as arguments and as environment.
const VALUE_BYTES = 100_000;
const TOTAL_BYTES = 600_000;

const toText = (value: Json): string =>
  typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);

const isUsable = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !isReserved(name);

const RESERVED = new Set(
  (
    "PATH HOME USER LOGNAME SHELL TERM PWD OLDPWD TMPDIR TMP TEMP IFS ENV PS1 PS2 PS3 PS4 CDPATH GLOBIGNORE " +
    "SHELLOPTS BASHOPTS POSIXLY_CORRECT PROMPT_COMMAND FIGNORE FCEDIT HISTFILE MAIL MAILPATH OPTIND OPTARG OPTERR " +
    "UID EUID GID PPID RANDOM SECONDS LINENO HOSTNAME HOSTTYPE MACHTYPE OSTYPE FUNCNAME GROUPS DIRSTACK EXECIGNORE " +
    "LANG LANGUAGE LOCPATH NLSPATH TZ TZDIR HOSTALIASES RES_OPTIONS LOCALDOMAIN GCONV_PATH GETCONF_DIR " +
    "EDITOR VISUAL PAGER LESSOPEN LESSCLOSE BROWSER CLASSPATH JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS " +
    "RUBYOPT RUBYLIB GEM_HOME GEM_PATH MAKEFLAGS MAKEFILES MFLAGS CURL_HOME WGETRC NETRC CC CXX AR LD _"
  ).split(" "),
);
const RESERVED_FAMILY =
  /^(LD|DYLD|BASH|LC|GLIBC|MALLOC|NODE|PYTHON|PERL|PERL5|GIT|SSH|SSL|OPENSSL|CURL|CARGO|RUST|DENO|BUN|DBUS|XDG|REGENT)_|^(NODE|PYTHON|PERL5)[A-Z]+$|^GO(PATH|FLAGS|ROOT|PROXY|ENV|BIN|TMPDIR|TOOLCHAIN|DEBUG)$|_PROXY$|_proxy$|^(npm|NPM)_|^BASH$/;

/** Whatever a loader, a shell or an interpreter obeys before or beside the script. Case counts, as it does on Linux. */
export const isReserved = (name: string): boolean => RESERVED.has(name) || RESERVED_FAMILY.test(name);
