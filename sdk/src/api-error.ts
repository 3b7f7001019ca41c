/** What the server refused, or why it could not be asked. `code` is from the error table; programs decide by it. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly code: string;
  /** HTTP status; 0: no answer came. */
  readonly status: number;
  readonly errors: { pointer: string; message: string }[];
  readonly context: Record<string, unknown>;
  readonly requestId: string | null;
  /** The same request may succeed later without being changed. */
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;

  constructor(
    message: string,
    facts: {
      code: string;
      status: number;
      errors?: { pointer: string; message: string }[];
      context?: Record<string, unknown>;
      requestId?: string | null;
      retryAfterMs?: number | null;
    },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = facts.code;
    this.status = facts.status;
    this.errors = facts.errors ?? [];
    this.context = facts.context ?? {};
    this.requestId = facts.requestId ?? null;
    this.retryAfterMs = facts.retryAfterMs ?? null;
    this.retryable = RETRYABLE.has(facts.status) || facts.code === "request_in_progress";
  }
}

const RETRYABLE = new Set([0, 429, 502, 503, 504]);

/** Also of an answer that is no problem document, as proxies give them. */
export async function readError(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  const shared = { status: response.status, retryAfterMs: seconds >= 0 && seconds <= 60 ? seconds * 1_000 : null };
  try {
    const problem = JSON.parse(text);
    return new ApiError(problem.detail ?? problem.title ?? response.statusText, {
      ...shared,
      code: problem.code ?? "unknown",
      errors: problem.errors,
      context: problem.context,
      requestId: problem.request_id,
    });
  } catch {
    return new ApiError(`The server answered ${response.status} ${response.statusText}.`, {
      ...shared,
      code: "unknown",
    });
  }
}

export const unreachable = (url: string, cause: unknown): ApiError =>
  new ApiError(`No server answers at ${url}.`, { code: "unreachable", status: 0 }, { cause });
