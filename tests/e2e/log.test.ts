/** The server's own log, with a key in its environment and somebody who makes the server write that key. */
import { doesNotMatch, match } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { temporaryFolder, testDatabase } from "#testing";
import { ROOT } from "../architecture/tree.ts";

const KEY = "sample-key-0123456789";
const DAEMON = `
daemon:
  name: Paid
  version: 1.0.0
  triggers:
    - { event: order.paid, where: event.amount > 5.0 }
  stages:
    - { name: Note, type: emit, event: order.noted, with: {} }
`;

test("the value of a secret does not come into the server's log, whoever brings it there", async () => {
  const [data, company] = [await temporaryFolder("data"), await temporaryFolder("company")];
  await writeFile(join(company, "paid.daemon.yaml"), DAEMON);
  const { url: DATABASE_URL } = await testDatabase();
  const server = spawn(process.execPath, ["server/main.ts", "--data", data, "--company", company, "--port", "0"], {
    cwd: ROOT,
    env: { ...process.env, DATABASE_URL, SAMPLE_API_KEY: KEY },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const gone = once(server, "exit");
  after(() => server.kill("SIGKILL") && gone);
  let said = "";
  for (const stream of [server.stdout, server.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
  const until = async (what: RegExp): Promise<RegExpExecArray> => {
    for (let found = what.exec(said); ; found = what.exec(said)) {
      if (found) return found;
      await Promise.race([
        Promise.race([once(server.stdout, "data"), once(server.stderr, "data")]),
        gone.then(() => Promise.reject(new Error(`the server ended: ${said}`))),
      ]);
    }
  };

  const [, url = ""] = await until(/Regent is ready: (http:\/\/[^/]+)/);
  const token = (await readFile(join(data, "token"), "utf8")).trim();
  const answer = await fetch(`${url}/v1/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ type: "order.paid", data: {}, id: `order-${KEY}` }),
  });
  match(String(answer.status), /^20/);

  // The condition cannot be decided without an amount: the server says so, with the event's id.
  const [line] = await until(/.*evt_order-.*/);
  match(line, /"daemon":"paid","event":"evt_order-\*\*\*"/);
  doesNotMatch(said, new RegExp(KEY));
});
