/** Names that Regent knows without a definition: a company may use them before what stands behind them is set up. */

/** Services for which Regent has, or will have, a connection. */
export const VENDORS: ReadonlySet<string> = new Set([
  "amazon", "apollo", "calendar", "chatwoot", "ebay", "email", "erpnext", "etsy", "filesystem", "ghost", "github",
  "google_ads", "linear", "linkedin", "linkedin_ads", "mautic", "mercury", "meta_ads", "n8n", "pagerduty", "plane",
  "postgres", "posthog", "reddit_ads", "search_console", "sentry", "shopify", "slack", "snyk", "stripe", "suitedash",
  "tiktok_ads", "twilio", "twitter", "vercel", "whatsapp", "wordpress", "x", "zendesk",
  "chromadb", "fastapi", "flotiq", "langchain", "ollama", "qdrant", "redis", "vector_db", "weaviate",
]); // biome-ignore format: one list

/** Tools that work without any connection. */
export const BUILT_IN_TOOLS: ReadonlySet<string> = new Set([
  "http.get", "files.read", "files.write", "files.list", "files.search", "files.remove",
]); // biome-ignore format: one list

/** Namespaces of Regent's own that are known and not here yet. */
export const OWN_NAMESPACES: ReadonlySet<string> = new Set(["memory", "sandbox", "web", "regent"]);

/** The documents' names for tools, as Regent calls them. A connection of that name goes first. */
export const TOOL_ALIASES: Readonly<Record<string, string>> = {
  vaspera_memory: "memory.*",
  bash_executor: "sandbox.bash",
  docs_search: "memory.search",
};

export const CLI_AGENTS: ReadonlySet<string> = new Set([
  "claude-code",
  "codex",
  "gemini-cli",
  "cursor",
  "cursor-agent",
]);

export const TIERS: ReadonlySet<string> = new Set(["fast", "balanced", "deep"]);

const MODEL_FAMILY =
  /^(?:[a-z0-9_-]+[:/])?(?:gpt|chatgpt|o[1-9]|claude|gemini|gemma|mistral|mixtral|ministral|codestral|llama|qwen|deepseek|grok|command|phi|perplexity|sonar|dall-e|imagen|flux|whisper|text-embedding|local|offline)(?:[-.:\d][\w.:-]*)?$/;

/** A model of a family that everybody knows, also when no provider in models.yaml lists it. */
export const isKnownModel = (name: string): boolean => name.length <= 120 && MODEL_FAMILY.test(name.toLowerCase());

/** The documents' trigger names, and times that need no definition. */
const TRIGGERS: ReadonlySet<string> = new Set([
  "bug_reported", "chat_agent_escalation", "code_agent_completed", "cpa_threshold_exceeded", "daily_morning",
  "daily_revenue_report", "email_received", "error_rate_spike", "error_threshold_exceeded", "github_issue_created",
  "manual_deploy_request", "manual_request", "monitor_agent_alert", "monthly_close", "new_chat_message",
  "new_content_published", "new_signup_enterprise_signal", "pagerduty_incident", "product_release",
  "pull_request_merged", "pull_request_opened", "spend_threshold_exceeded", "subscription_cancellation_initiated",
  "support_ticket_created", "usage_drop_detected", "weekly_content_calendar", "weekly_financial_summary",
  "weekly_outreach_batch", "weekly_seo_audit", "hourly", "daily", "nightly", "weekly", "monthly",
]); // biome-ignore format: one list

export const isKnownTrigger = (name: string): boolean =>
  TRIGGERS.has(name) || /^every_\d+_(minutes|hours|days)$/.test(name);
export const knownTriggers = (): Iterable<string> => TRIGGERS;

export const MEMORY_STORES: ReadonlySet<string> = new Set([
  "default",
  "qdrant",
  "chromadb",
  "redis",
  "weaviate",
  "postgres",
  "pgvector",
]);
