/**
 * Connection strings. Options travel inside them, because `pg` prefers what the string says over what a pool is given,
 * and an operator's own `options` must survive.
 */

/** Adds settings (`-c name=value`) for every connection made with this string. Later ones win over earlier ones. */
export function withSettings(url: string, settings: Record<string, string | number>): string {
  const parsed = new URL(url);
  const added = Object.entries(settings).map(([name, value]) => `-c ${name}=${escapeSpaces(String(value))}`);
  const options = [parsed.searchParams.get("options"), ...added].filter(Boolean).join(" ");
  // URLSearchParams writes a space as "+", which libpq reads as a plus sign.
  parsed.searchParams.delete("options");
  const rest = parsed.searchParams.toString().replaceAll("+", "%20");
  parsed.search = `${rest}${rest ? "&" : ""}options=${encodeURIComponent(options)}`;
  return parsed.href;
}

/** For work of the owner that may take long: migrations. */
export const withoutTimeouts = (url: string): string =>
  withSettings(url, { idle_in_transaction_session_timeout: 0, statement_timeout: 0 });

/** The same server, another database. */
export function withDatabase(url: string, database: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${encodeURIComponent(database)}`;
  return parsed.href;
}

/** For people and logs: without the password. */
export function toPublicUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.password) parsed.password = "***";
  return parsed.href;
}

/** In `options` a backslash keeps a space from ending the value. */
const escapeSpaces = (value: string): string => value.replace(/[\\ ]/g, (character) => `\\${character}`);
