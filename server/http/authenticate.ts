import { createHmac, timingSafeEqual } from "node:crypto";
import { type Operation, RegentError, type Role } from "@regent/contract";
import type { Clock, Random } from "#platform";

/** Who asks. Until members exist there is one: the operator, who may do everything. */
export interface Principal {
  name: string;
  roles: ReadonlySet<Role>;
}

const OPERATOR: Principal = {
  name: "operator",
  roles: new Set<Role>(["viewer", "developer", "operator", "approver", "owner"]),
};

const SESSION_MS = 7 * 86_400_000;
const LINK_MS = 12 * 3_600_000;

/**
 * The operator's token, for programs, and sessions made from it, for the browser. A session is a signed moment in a
 * cookie: it survives a restart, and a new token ends all of them.
 */
export interface Authenticator {
  /** @throws unauthenticated, foreign_origin */
  authenticate(request: Request): Principal;
  /** Null without a valid session cookie. */
  findSession(request: Request): Principal | null;
  /** A secret that opens one session, once, within 12 hours. It travels in the fragment of a link, which no server sees. */
  createTicket(): string;
  /** The cookie of a new session, for a ticket or the token itself; null when it is neither. */
  openSession(secret: string): string | null;
  endSession(): string;
}

export function createAuthenticator(deps: {
  token: string;
  clock: Clock;
  random: Random;
  port: () => number;
}): Authenticator {
  const signingKey = createHmac("sha256", deps.token).update("regent session").digest();
  const tickets = new Map<string, number>();
  // Cookies are shared by all ports of a host: the name keeps two servers on one machine apart.
  const cookieName = () => `regent_${deps.port()}`;
  const sign = (text: string) => createHmac("sha256", signingKey).update(text).digest("base64url");
  const toCookie = (value: string, maxAgeSeconds: number) =>
    `${cookieName()}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}`;

  const findSession = (request: Request): Principal | null => {
    const value = readCookie(request, cookieName());
    const [until, chance, signature] = value?.split(".") ?? [];
    if (!until || !chance || !signature || !isEqual(signature, sign(`${until}.${chance}`))) return null;
    return Number.parseInt(until, 36) > deps.clock.now() ? OPERATOR : null;
  };

  return {
    findSession,
    authenticate(request) {
      const [, bearer] = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
      if (bearer !== undefined) {
        if (isEqual(bearer, deps.token)) return OPERATOR;
        throw new RegentError("unauthenticated");
      }
      const principal = findSession(request);
      if (!principal) throw new RegentError("unauthenticated");
      requireOwnOrigin(request);
      return principal;
    },
    createTicket() {
      const ticket = toText(deps.random(24));
      for (const [old, until] of tickets) if (until < deps.clock.now() || tickets.size > 100) tickets.delete(old);
      tickets.set(ticket, deps.clock.now() + LINK_MS);
      return ticket;
    },
    openSession(secret) {
      const until = tickets.get(secret);
      tickets.delete(secret);
      const valid = until !== undefined ? until > deps.clock.now() : isEqual(secret, deps.token);
      if (!valid) return null;
      const value = `${(deps.clock.now() + SESSION_MS).toString(36)}.${toText(deps.random(9))}`;
      return toCookie(`${value}.${sign(value)}`, SESSION_MS / 1_000);
    },
    endSession: () => toCookie("", 0),
  };
}

/** @throws forbidden */
export function requireRole(principal: Principal, allow: Operation["allow"]): void {
  if (allow !== "public" && !principal.roles.has(allow)) throw new RegentError("forbidden");
}

/**
 * A cookie is sent by the browser whoever makes the request; `SameSite=Strict` leaves pages of other ports of this
 * host, and those must not act. @throws foreign_origin
 */
export function requireOwnOrigin(request: Request): void {
  if (request.method === "GET" || request.method === "HEAD") return;
  const origin = request.headers.get("origin");
  const host = request.headers.get("host");
  if (!origin || !host || !URL.canParse(origin) || new URL(origin).host !== host)
    throw new RegentError("foreign_origin");
}

/** Compares digests, so that neither content nor length shows in the time it takes. */
function isEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHmac("sha256", "compare").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

function readCookie(request: Request, name: string): string | undefined {
  for (const part of (request.headers.get("cookie") ?? "").split(";")) {
    const at = part.indexOf("=");
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}
