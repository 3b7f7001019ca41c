/** The page at `/`, in a real browser on the real server. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { openBrowser, testApi } from "#testing";

const HOSTILE = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`;

const api = await testApi({
  "ask.daemon.yaml": `
daemon:
  name: Ask
  version: 1.0.0
  inputs: [ { name: text, type: string, default: plain } ]
  stages:
    - { name: Decide, type: gate, ask: "Publish \${text}?", show: [ "\${text}" ], who: approver }
    - { name: After, type: emit, event: ask.done, with: {} }
`,
});

const cookieOf = async (secret: string, origin = api.url) => {
  const response = await fetch(`${api.url}/session`, {
    method: "POST",
    redirect: "manual",
    headers: { origin, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ secret }),
  });
  return { status: response.status, cookie: response.headers.get("set-cookie") };
};

test("the link signs in once; a second time it is used up; the token signs in always", async () => {
  const ticket = new URL(api.app.http!.createLink()).hash.slice(1);
  const first = await cookieOf(ticket);
  equal(first.status, 303);
  ok(/HttpOnly; SameSite=Strict/.test(first.cookie!));
  deepEqual(await cookieOf(ticket), { status: 401, cookie: null });
  equal((await cookieOf(api.token)).status, 303);
  equal((await cookieOf("wrong")).status, 401);
});

/** A cookie travels with requests that other pages of this machine make: those must change nothing. */
test("a session acts only for its own pages", async () => {
  const cookie = (await cookieOf(api.token)).cookie!.split(";")[0]!;
  const emit = (headers: Record<string, string>) =>
    fetch(`${api.url}/v1/events`, {
      method: "POST",
      headers: { cookie, "content-type": "application/json", ...headers },
      body: JSON.stringify({ type: "a.b" }),
    });
  equal((await emit({})).status, 403);
  equal((await emit({ origin: "http://127.0.0.1:1" })).status, 403);
  equal((await emit({ origin: "null" })).status, 403);
  equal((await emit({ origin: api.url })).status, 201);
  equal((await cookieOf(api.token, "http://evil.example")).status, 403);
});

test("a cookie that was changed, or of another token, opens nothing", async () => {
  const cookie = (await cookieOf(api.token)).cookie!.split(";")[0]!;
  const [name, value] = cookie.split("=") as [string, string];
  const [until, chance, signature] = value.split(".") as [string, string, string];
  const later = (Number.parseInt(until, 36) + 1_000_000).toString(36);
  for (const bad of [`${later}.${chance}.${signature}`, `${until}.${chance}.`, `${until}.${chance}`, "", "a.b.c"])
    equal((await fetch(`${api.url}/v1/runs`, { headers: { cookie: `${name}=${bad}` } })).status, 401, bad);
  equal((await fetch(`${api.url}/v1/runs`, { headers: { cookie } })).status, 200);
});

test("every page forbids what it does not need", async () => {
  const policy = (await fetch(api.url)).headers.get("content-security-policy") ?? "";
  ok(
    policy.startsWith("default-src 'none'") && policy.includes("frame-ancestors 'none'") && !policy.includes("unsafe"),
  );
});

test("in a browser: sign in by link, see a question come, approve it, take it back, approve again, see the run end", async (t) => {
  const page = await openBrowser();
  if (!page) {
    t.diagnostic("SKIPPED: no Chromium here. Install the Debian package chromium.");
    ok(true);
    return;
  }
  await page.open(api.app.http!.createLink());
  await page.until(`document.querySelector(".live")?.textContent === "Live"`);
  equal(await page.read("location.href"), `${api.url}/`);
  // Until then the browser was told 401, and says so.
  page.errors.length = 0;
  await page.until(`document.body.innerText.includes("Nothing needs you")`);

  const run = await api.client.runs.start({ daemon: "ask", inputs: { text: HOSTILE } });
  await page.until(`document.querySelector(".ask h3")`);
  equal(await page.read(`document.querySelector(".ask h3").textContent`), `Publish ${HOSTILE}?`);
  equal(await page.read(`document.querySelectorAll("main img, main script").length`), 0);

  const click = (label: string) =>
    page.read(
      `[...document.querySelectorAll("button")].find((one) => one.textContent === ${JSON.stringify(label)}).click()`,
    );
  await click("Approve");
  await page.until(`document.body.innerText.includes("Approved, in effect in")`);
  await click("Undo");
  await page.until(`[...document.querySelectorAll("button")].some((one) => one.textContent === "Approve")`);
  const { items } = await api.client.approvals.list({ run: run.id });
  equal(items[0]!.state, "open");

  await page.open(`${api.url}/runs/${run.id}`);
  await page.until(
    `document.querySelector(".pill.waiting") && document.querySelector(".live")?.textContent === "Live"`,
  );
  await api.client.approvals.decide({ id: items[0]!.id, verdict: "approve" });
  await page.until(`document.querySelector(".title-line .pill.succeeded")`);
  equal(await page.read("document.title"), "ask · succeeded");

  // Every few moments the page puts in what differs: two questions whose "asked … ago" changed are still two after it.
  for (const text of ["one", "two"])
    await api.client.runs.start({ daemon: "ask", inputs: { text: `${text}\n`.repeat(200) } });
  await page.open(`${api.url}/`);
  await page.until(`document.querySelectorAll(".ask").length === 2`);
  const after = await page.read<{ asks: number; asked: number; scrolled: number; field: string }>(`(() => {
    document.querySelector(".shown").scrollTop = 50;
    document.querySelector(".ask input[name=note]").focus();
    put(document.documentElement.outerHTML.replace(/asked [^<]*/g, "asked a year ago"));
    return {
      asks: document.querySelectorAll(".ask").length,
      asked: document.body.innerText.split("asked a year ago").length - 1,
      scrolled: document.querySelector(".shown").scrollTop,
      field: document.activeElement.name,
    };
  })()`);
  deepEqual(after, { asks: 2, asked: 2, scrolled: 50, field: "note" });
  deepEqual(page.errors, []);
});
