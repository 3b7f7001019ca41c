/** Why a provider gave no answer. `reason` is one sentence part that follows "The model call failed: ". */
export class ProviderFailure extends Error {
  override name = "ProviderFailure";
  readonly kind: FailureKind;
  readonly reason: string;
  readonly retryAfterMs: number | null;

  constructor(kind: FailureKind, reason: string, retryAfterMs: number | null = null) {
    super(reason);
    this.kind = kind;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }

  get retryable(): boolean {
    return RETRYABLE.has(this.kind);
  }

  /** Another model may answer where this one cannot be called at all. */
  get unavailable(): boolean {
    return this.kind === "auth" || this.kind === "unknown-model";
  }

  /** The provider began to work, so it may ask for money. */
  get billed(): boolean {
    return BILLED.has(this.kind);
  }
}

export type FailureKind =
  | "rate-limit" | "overloaded" | "network" | "timeout" | "cut" | "html" | "garbled" | "empty" | "cut-at-limit"
  | "refused" | "too-large" | "auth" | "unknown-model" | "quota" | "bad-request" | "cancelled"; // biome-ignore format: one table

const RETRYABLE: ReadonlySet<FailureKind> = new Set([
  "rate-limit", "overloaded", "network", "timeout", "cut", "html", "garbled", "empty",
]); // biome-ignore format: one table

const BILLED: ReadonlySet<FailureKind> = new Set([
  "timeout", "cut", "garbled", "empty", "cut-at-limit", "refused", "too-large", "cancelled",
]); // biome-ignore format: one table

/** What an HTTP answer that is not 2xx means. `body` is its beginning. */
export function toHttpFailure(provider: string, status: number, headers: Headers, body: string, now: number) {
  const said = toMessage(body);
  const sentence = `${provider} answered ${status}${said ? `: ${said}` : ""}`;
  const quota = /insufficient_quota|billing_hard_limit|credit balance/i.test(body);
  if (status === 402 || (status === 429 && quota)) return new ProviderFailure("quota", sentence);
  if (status === 429) return new ProviderFailure("rate-limit", sentence, toRetryAfter(headers, now));
  if (status === 401 || status === 403) return new ProviderFailure("auth", `${sentence}; check its key`);
  if (status === 404) return new ProviderFailure("unknown-model", sentence);
  if (status === 408 || status === 409 || status >= 500) {
    return new ProviderFailure("overloaded", sentence, toRetryAfter(headers, now));
  }
  return new ProviderFailure("bad-request", sentence);
}

/** Milliseconds from now; the header holds seconds or a date (RFC 9110, 10.2.3), `retry-after-ms` milliseconds. */
function toRetryAfter(headers: Headers, now: number): number | null {
  const ms = Number(headers.get("retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(ms) && ms >= 0) return ms;
  const text = headers.get("retry-after")?.trim();
  if (!text) return null;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** The provider's own words: one line, short, without the markup of an HTML page. */
function toMessage(body: string): string {
  const text = /^\s*</.test(body) ? "" : (fromJson(body) ?? body);
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 199)}…` : line.replace(/[.\s]+$/, "");
}

function fromJson(body: string): string | undefined {
  try {
    const value = JSON.parse(body);
    const error = (Array.isArray(value) ? value[0] : value)?.error ?? value;
    const message = typeof error === "string" ? error : (error?.message ?? error?.detail);
    return typeof message === "string" ? message : "";
  } catch {
    return undefined;
  }
}
