import { BlockList, isIP } from "node:net";
import { fail } from "@regent/contract";

/**
 * Decides whether a request may leave, and to which address. The name is made canonical first and resolved once; the
 * connection then goes to exactly the address that was checked, so a name that answers differently the second time
 * (DNS rebinding) changes nothing.
 */
export async function toAllowedAddress(
  url: URL,
  network: readonly string[],
  resolve: (host: string) => Promise<{ address: string; family: number }[]>,
): Promise<{ address: string; family: number }> {
  const refuse = (reason: string) => fail("network_refused", { reason });
  if (url.protocol !== "http:" && url.protocol !== "https:") throw refuse(`${url.protocol} is not http or https`);
  if (url.username !== "" || url.password !== "") throw refuse("the address holds a user name or password");
  const host = hostOf(url);
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  if (network.length === 0) throw refuse(`the stage names no host under \`network\`, so ${host} is not allowed`);
  if (!network.some((rule) => isAllowed(rule, host, port)))
    throw refuse(`${host}:${port} is not among the hosts that the stage allows (${network.join(", ")})`);

  const family = isIP(host);
  // Written out as address:port by whoever wrote the daemon: that is a decision, also about a private address.
  if (family !== 0) return { address: host, family };
  const addresses = await resolve(host).catch((error) => {
    throw fail("tool_failed", { tool: "http.get", reason: `${host} has no address (${error.code ?? error.message})` });
  });
  const inside = addresses.find(({ address }) => isPrivate(address));
  if (inside)
    throw refuse(`${host} leads to ${inside.address}, a private address. Name that address and its port to allow it`);
  if (!addresses[0]) throw fail("tool_failed", { tool: "http.get", reason: `${host} has no address` });
  return addresses[0];
}

/** WHATWG URLs write every spelling of an IPv4 address (`0x7f.1`, `2130706433`) as four numbers. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");

/**
 * `example.com`, `*.example.com`: ports 80 and 443; `example.com:8443`: that port. An address of numbers is allowed
 * only with its port.
 */
function isAllowed(rule: string, host: string, port: number): boolean {
  const [, name = "", wanted] = /^(.*?)(?::(\d+))?$/.exec(isIP(rule) === 6 ? "" : rule.trim().toLowerCase()) ?? [];
  const bare = name.replace(/^\[|\]$/g, "");
  if (bare === "" || (isIP(host) !== 0 && wanted === undefined)) return false;
  if (wanted === undefined ? port !== 80 && port !== 443 : port !== Number(wanted)) return false;
  if (bare.startsWith("*.")) return isIP(host) === 0 && host.endsWith(bare.slice(1));
  return host === bare;
}

// One list per family: `::ffff:0:0/96` in a shared list matches every IPv4 address.
const PRIVATE_4 = listOf("ipv4", [
  "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
  "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
]); // biome-ignore format: one table
const PRIVATE_6 = listOf("ipv6", [
  "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32", "2002::/16",
  "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
]); // biome-ignore format: one table

function listOf(family: "ipv4" | "ipv6", ranges: string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", bits] = range.split("/");
    list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function isPrivate(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return PRIVATE_4.check(address, "ipv4");
  if (family === 6) return PRIVATE_6.check(address, "ipv6");
  return true;
}
