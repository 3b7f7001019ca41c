/** Chromium, driven over its own protocol: one page, real clicks on a real server. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after } from "node:test";
import { temporaryFolder } from "./temporary-folder.ts";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

export interface Page {
  open(url: string): Promise<void>;
  /** Runs an expression in the page; its value must be JSON. */
  read<T>(expression: string): Promise<T>;
  /** Waits until the expression is true. @throws after 15 s, with the page's text */
  until(expression: string): Promise<void>;
  /** What the page said on its console as errors, refusals of its policy among them. */
  errors: string[];
}

/** Null where no Chromium is installed. */
export async function openBrowser(): Promise<Page | null> {
  if (CHROMIUM === undefined) return null;
  let browser: ChildProcess | undefined;
  after(async () => {
    if (browser === undefined || browser.exitCode !== null || browser.signalCode !== null) return;
    browser.kill("SIGKILL");
    await once(browser, "exit");
  });
  const profile = await temporaryFolder("browser");
  browser = spawn(
    CHROMIUM,
    [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
      ...["--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0"],
      ...[`--user-data-dir=${profile}`, "about:blank"],
    ],
    { stdio: "ignore" },
  );
  const [port] = (await untilFile(join(profile, "DevToolsActivePort"))).split("\n");
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as {
    type: string;
    webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(targets.find(({ type }) => type === "page")!.webSocketDebuggerUrl);
  await new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
  after(() => socket.close());

  const gone = new Promise<never>((_, reject) =>
    socket.addEventListener("close", () => reject(new Error("Chromium is gone.")), { once: true }),
  );
  gone.catch(() => {});
  let count = 0;
  const waiting = new Map<number, (answer: Record<string, unknown>) => void>();
  const errors: string[] = [];
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as { id?: number; method?: string; params?: Record<string, never> };
    if (message.id !== undefined) waiting.get(message.id)?.(message as Record<string, unknown>);
    const level = (message.params as { entry?: { level?: string } } | undefined)?.entry?.level;
    if (level === "error" || message.method === "Runtime.exceptionThrown") errors.push(JSON.stringify(message.params));
  });
  const send = (method: string, params: object = {}) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const id = ++count;
      waiting.set(id, resolve);
      gone.catch(reject);
      socket.send(JSON.stringify({ id, method, params }));
    });
  for (const domain of ["Page", "Runtime", "Log"]) await send(`${domain}.enable`);

  const read = async <T>(expression: string): Promise<T> => {
    const answer = (await send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true })) as {
      result?: { result?: { value?: T } };
    };
    return answer.result?.result?.value as T;
  };
  return {
    errors,
    read,
    async open(url) {
      await send("Page.navigate", { url });
    },
    async until(expression) {
      for (let attempt = 0; attempt < 300; attempt++) {
        if (await read<boolean>(`Boolean(${expression})`)) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`Never true: ${expression}\n${await read<string>("document.body.innerText")}`);
    },
  };
}

async function untilFile(path: string): Promise<string> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const text = await readFile(path, "utf8").catch(() => "");
    if (text.includes("\n")) return text;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("Chromium did not start.");
}
