/** The whole of Regent in this process, on a database of its own and a free port, with a client of it. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { type Client, createClient } from "@regent/sdk";
import { readConfig, silentLog } from "#platform";
import { type App, createApp } from "../../server/app.ts";
import { testDatabase } from "./database.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface TestApi {
  url: string;
  token: string;
  client: Client;
  dataFolder: string;
  companyFolder: string;
  app: App;
  /** A request with the token, and with JSON when there is a body. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
}

/** @param files  the company's, by path */
export async function testApi(files: Record<string, string>): Promise<TestApi> {
  let app: App | undefined;
  after(() => (app ? endApp(app) : undefined));
  const { url: databaseUrl } = await testDatabase();
  const [dataFolder, companyFolder] = [await temporaryFolder("data"), await temporaryFolder("company")];
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(companyFolder, path)), { recursive: true });
    await writeFile(join(companyFolder, path), text);
  }
  const flags = ["--data", dataFolder, "--company", companyFolder, "--port", "0"];
  const config = readConfig(flags, { DATABASE_URL: databaseUrl, PATH: process.env.PATH });
  app = await createApp({ config, log: silentLog, version: "0.0.0" });
  const url = app.http!.url;
  const token = (await readFile(join(dataFolder, "token"), "utf8")).trim();
  return {
    ...{ url, token, dataFolder, companyFolder, app },
    client: createClient({ url, token }),
    ask: (method, path, body, headers = {}) =>
      fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
  };
}

/** A run that waits for months would keep this process alive as long. */
async function endApp(app: App): Promise<void> {
  for (;;) {
    const { items } = await app.kernel.list({ status: ["queued", "running", "waiting", "paused"], limit: 100 });
    const ended = await Promise.all(
      items.map(({ id }) =>
        app.kernel.cancel(id, "test").then(
          () => true,
          () => false,
        ),
      ),
    );
    if (!ended.includes(true)) break;
  }
  await app.close();
}
