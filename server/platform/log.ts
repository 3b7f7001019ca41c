import pino from "pino";

/** Structured log: `log.info({ run }, "the run ended")`. */
export type Log = Pick<pino.Logger, "debug" | "info" | "warn" | "error" | "child">;

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export interface LogOptions {
  level: LogLevel;
  /** Values that must not appear in any line, whatever logs them. */
  secrets?: () => Iterable<string>;
  /** One line for a person instead of one JSON document. Default: when stderr is a terminal. */
  readable?: boolean;
  write?: (line: string) => void;
}

/** To stderr, because stdout belongs to the answer of a command. */
export function createLog(options: LogOptions): Log {
  const write = options.write ?? ((line) => process.stderr.write(line));
  const readable = options.readable ?? process.stderr.isTTY === true;
  return pino(
    {
      level: options.level,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: "***" },
      serializers: { error: toText, err: toText, cause: toText },
    },
    {
      write(line: string) {
        const clean = withoutSecrets(line, options.secrets?.() ?? []);
        write(readable ? toReadable(clean) : clean);
      },
    },
  );
}

/** An error under another name would be written as `{}`. What is none passes as it is. */
const toText = pino.stdSerializers.err;

export const silentLog: Log = pino({ level: "silent" });

const SECRET_FIELDS = ["password", "token", "secret", "authorization", "cookie", "api_key", "apiKey"];

/** Shorter ones would blacken ordinary words. */
const SECRET_LENGTH_MIN = 6;

function withoutSecrets(line: string, secrets: Iterable<string>): string {
  let clean = line.replace(/(\w:\/\/[^\s:/@"]*:)[^\s@/"]+@/g, "$1***@");
  for (const secret of secrets) {
    if (secret.length < SECRET_LENGTH_MIN) continue;
    for (const form of new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])) {
      clean = clean.replaceAll(form, "***");
    }
  }
  return clean;
}

/** `10:05:34 info  the run ended  run=run_… took=12` */
function toReadable(line: string): string {
  const { level, time, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const at = new Date(Number(time)).toTimeString().slice(0, 8);
  const details = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return `${at} ${String(level).padEnd(5)} ${[msg, details.join(" ")].filter(Boolean).join("  ")}\n`;
}
