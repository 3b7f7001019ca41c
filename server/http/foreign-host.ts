import { RegentError } from "@regent/contract";

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * A page of another site can make its own name point to 127.0.0.1 and then speak to us as its own (DNS rebinding). A
 * server that listens on this machine only therefore answers only under this machine's names, on any port, so that
 * forwarded ports work.
 * @throws foreign_host
 */
export function requireOwnHost(request: Request, listensOn: string): void {
  if (!LOOPBACK.has(listensOn === "::1" ? "[::1]" : listensOn)) return;
  const host = (request.headers.get("host") ?? "").toLowerCase().replace(/:\d{1,5}$/, "");
  if (!LOOPBACK.has(host) && !host.endsWith(".localhost"))
    throw new RegentError("foreign_host", { host: host.slice(0, 200) });
}
