/** Each daemon of the starter company, once through the real kernel, database, sandbox and offline model. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { exampleApp, outputOf } from "../support/example-app.ts";

const COMPANY = new URL("../../company", import.meta.url).pathname;
const app = await exampleApp(COMPANY);

const sample = (path: string) => app.addFile(`${COMPANY}/${path}`);

async function succeeds(run: string) {
  const ended = await app.end(run);
  equal(ended.status, "succeeded", JSON.stringify({ status: ended.status, error: ended.error }));
  return outputOf(ended);
}

test("the starter company has ten daemons and nothing to complain about", () => {
  ok(app.companies.current().daemons.size >= 10);
  deepEqual(app.companies.problems(), []);
});

test("saas-mvp-builder builds an application whose own tests pass", async () => {
  const run = await app.start("saas-mvp-builder");
  const output = await succeeds(run);
  equal(output.app, "plant-care");
  equal(output.tests, "passed");
  const files = await app.files(run);
  ok((output.entities as string[]).length > 0);
  match(files["plant-care/index.html"] ?? "", /<h1>.+<\/h1>/);
  match(files["plant-care/app.test.js"] ?? "", /what is created is found/);
});

test("blog-pipeline writes, asks, and publishes an article from a folder of notes", async () => {
  const run = await app.start("blog-pipeline", { notes: await sample("market/samples/notes") });
  await app.decide(run, "approve");
  await succeeds(run);
  const [path] = Object.keys(await app.files(run)).filter((name) => name.startsWith("published/"));
  ok(path);
});

test("code-review reviews a real git repository and leaves an accepted patch", async () => {
  const run = await app.start("code-review", { repository: await sample("build/samples/cart") });
  await app.decide(run, "approve");
  const output = await succeeds(run);
  equal(output.tests_passed, true);
  const rules = (output.findings as { rule: string; file: string }[]).map((finding) => finding.rule);
  for (const rule of ["debug-output", "trailing-space", "swallowed-error", "loose-equality"])
    ok(rules.includes(rule), rule);
  const files = await app.files(run);
  match(files["review.patch"] ?? "", /^-\s+console\.log\("discount", code\);$/m);
  match(files["review.md"] ?? "", /# Review/);
});

test("a rejected patch of code-review ends in the report without it", async () => {
  const run = await app.start("code-review", { repository: await sample("build/samples/cart") });
  await app.decide(run, "reject");
  await app.end(run);
  const files = await app.files(run);
  equal(files["review.patch"], undefined);
  match(files["review.md"] ?? "", /# Review/);
});

test("support-triage reads a mailbox, answers, escalates and drops", async () => {
  const inputs = { mailbox: await sample("support/samples/mailbox.mbox"), knowledge: await sample("knowledge") };
  const run = await app.start("support-triage", inputs);
  const approval = await app.decide(run, "approve");
  const output = await succeeds(run);
  equal(output.mails, 6);
  ok((output.escalated as number) >= 2 && (output.dropped as number) >= 1 && (output.replied as number) >= 1);
  const mails =
    (approval.show[0] as { id: string; from: string; subject: string; action: string; reasons: string[] }[]) ?? [];
  // Decoded headers and bodies, and the mail that gives orders goes to a person.
  ok(mails.some((mail) => mail.subject === "Export as Markdown?"));
  deepEqual(mails.find((mail) => mail.from === "customer-5@example.com")?.action, "escalate");
  const files = await app.files(run);
  match(files["outbox/replies.mbox"] ?? "", /^To: customer-/m);
});

test("revenue-report computes to the cent, and says the same in a chart and a page", async () => {
  const run = await app.start("revenue-report");
  const ended = await app.end(run);
  equal(ended.status, "succeeded", JSON.stringify(ended.error));
  equal(outputOf(ended).total, 146);
  const files = await app.files(run);
  match(files["report.md"] ?? "", /10 orders, 146\.00 USD, refunds 9\.00 USD/);
  match(files["revenue.svg"] ?? "", /<rect/);
});

test("revenue-report refuses a list without amounts", async () => {
  const run = await app.start("revenue-report", { orders: "date,product\n2026-01-01,x\n" });
  const ended = await app.end(run);
  equal(ended.status, "failed");
  match(ended.error?.message ?? "", /the column amount is missing/);
});

test("invoice-check finds the wrong sum and the duplicate, and asks before it releases the rest", async () => {
  const run = await app.start("invoice-check", { invoices: await sample("finance/samples/invoices") });
  await app.decide(run, "approve");
  const output = await succeeds(run);
  equal(output.sum, 620.6);
  deepEqual(
    (output.problems as { file: string }[]).map((problem) => problem.file),
    ["sample-003.json", "sample-004.json", "sample-004.json"],
  );
});

test("release-notes go out by themselves at their hour, and as an event", async () => {
  const repository = await sample("build/samples/cart");
  const run = await app.start("release-notes", { repository, release: "1.1.0" });
  await app.decide(run, "approve");
  const output = await succeeds(run);
  equal(output.commits, 2);
  match(String(output.text), /^# 1\.1\.0/);
});

test("incident-review reads the log, waits for the fix and writes the review", async () => {
  const log = await sample("run/samples/incident.log");
  await app.events.emit({ type: "incident.fixed", data: { title: "another", what: "x" }, source: "test" });
  const run = await app.start("incident-review", { log, title: "Sync was down" });
  await app.events.emit({ type: "incident.fixed", data: { title: "Sync was down", what: "an index" }, source: "test" });
  const output = await succeeds(run);
  deepEqual([output.errors, output.fixed], [4, true]);
  match((await app.files(run))["review.md"] ?? "", /an index/);
});

test("incident-review hands a log without errors to a person", async () => {
  const log = await sample("knowledge/using-sample-notes.md");
  const ended = await app.end(await app.start("incident-review", { log }));
  match(JSON.stringify(ended), /incident\.unclear/);
});

test("onboarding-drip waits, hears that the customer began, and drafts two mails with another daemon", async () => {
  const customer = "customer-1@example.com";
  const run = await app.start("onboarding-drip", { customer, first_pause: "200ms" });
  await app.events.emit({ type: "customer.activated", data: { customer }, source: "test" });
  const output = await succeeds(run);
  deepEqual([output.activated, output.mails], [true, 2]);
  deepEqual(Object.keys(await app.files(run)), ["outbox/1-welcome.txt", "outbox/2-second.txt"]);
});

test("price-watch goes on with sample data when nobody answers", async () => {
  const run = await app.start("price-watch");
  const ended = await app.end(run);
  equal(ended.status, "succeeded", JSON.stringify(ended.error));
  deepEqual([outputOf(ended).sample, outputOf(ended).change_percent], [true, -20.4]);
  match((await app.files(run))["problems.txt"] ?? "", /ECONNREFUSED|refused/);
});

test("price-watch takes the first source that answers", async () => {
  const server = createServer((_, response) =>
    response.setHeader("content-type", "application/json").end('{"price":30}'),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const text = readFileSync(`${COMPANY}/commerce/price-watch.daemon.yaml`, "utf8");
  const pinned = await app.companies.pinInline(text.replaceAll("127.0.0.1:4710", `127.0.0.1:${port}`));
  const run = await app.start(pinned);
  const output = await succeeds(run).finally(() => server.close());
  deepEqual([output.price, output.sample], [30, false]);
});

/** Runs last: everything above has ended. The run that waits here still needs what it began with. */
test("what ended is forgotten with its files, and what goes on keeps everything", async () => {
  const log = await sample("run/samples/incident.log");
  const run = await app.start("incident-review", { log, title: "Still open" });
  while ((await app.kernel.get(run)).waiting_for === null) await app.kernel.settled(run, 50);
  const forgotten = await app.forget();
  ok(forgotten.runs >= 15 && forgotten.blobs >= 50, JSON.stringify(forgotten));
  await app.events.emit({ type: "incident.fixed", data: { title: "Still open", what: "a restart" }, source: "test" });
  await succeeds(run);
  match((await app.files(run))["timeline.md"] ?? "", /database answers slowly/);
});
