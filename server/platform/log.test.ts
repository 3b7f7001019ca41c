import { deepEqual, doesNotMatch, match } from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "./log.ts";

function linesOf(options: { readable: boolean }, work: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = [];
  const secrets = () => ["sk-very-secret", 'with "quotes" in', "short"];
  work(createLog({ level: "info", secrets, write: (line) => lines.push(line), ...options }));
  return lines;
}

test("a line is one JSON document with the level by name", () => {
  const [line = "", ...more] = linesOf({ readable: false }, (log) => {
    log.debug("not this one");
    log.info({ run: "run_1" }, "the run ended");
  });
  const { time: _, ...document } = JSON.parse(line);
  deepEqual([document, more], [{ level: "info", run: "run_1", msg: "the run ended" }, []]);
});

test("no secret comes through, whoever logs it and however it is wrapped", () => {
  const cause = new Error("the provider said sk-very-secret is wrong");
  for (const readable of [false, true]) {
    const lines = linesOf({ readable }, (log) => {
      log.info({ deep: { er: ['with "quotes" in'] } }, "key sk-very-secret");
      log.error({ error: cause }, "failed");
      log.warn({ url: "postgresql://regent:pass-word@localhost/regent" }, "at postgres://u:pass-word@h/d");
      log.info({ request: { headers: { authorization: "Bearer abc-def" } }, password: "abc-def" }, "in");
    }).join("");
    doesNotMatch(lines, /sk-very-secret|quotes|pass-word|abc-def/);
    match(lines, /key \*\*\*/);
  }
});

test("an error is written with its message, as error and as cause", () => {
  const [line = ""] = linesOf({ readable: false }, (log) =>
    log.error(
      { error: new Error("the disk is full"), cause: new Error("no space left", { cause: "quota" }) },
      "failed",
    ),
  );
  const { error, cause } = JSON.parse(line);
  deepEqual([error.message, cause.message.startsWith("no space left")], ["the disk is full", true]);
});

test("for a person a line is time, level, sentence and details", () => {
  const [line] = linesOf({ readable: true }, (log) => log.warn({ run: "run_1", ms: 12 }, "slow"));
  match(line ?? "", /^\d\d:\d\d:\d\d warn {2}slow {2}run=run_1 ms=12\n$/);
});
