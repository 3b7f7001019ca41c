import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { createLiveOutput } from "./live-output.ts";

const bytes = (text: string) => Buffer.from(text);

test("lines can be read while the script runs, whole, and are gone after", () => {
  const live = createLiveOutput();
  const heard: string[] = [];
  live.onLine((key, line) => heard.push(`${key} ${line.stream} ${line.text}`));
  const script = live.begin("run_1/build");
  script.write(bytes("one\ntw"), "stdout");
  script.write(bytes("oops\n"), "stderr");
  script.write(bytes("o\n"), "stdout");
  deepEqual(
    live.lines("run_1/build").map((line) => line.text),
    ["one", "oops", "two"],
  );
  script.write(bytes("rest"), "stdout");
  script.end();
  deepEqual(heard.at(-1), "run_1/build stdout rest");
  deepEqual(live.lines("run_1/build"), []);
});

test("a flood keeps the last lines and grows no further", () => {
  const live = createLiveOutput();
  const script = live.begin("k");
  for (let i = 0; i < 5_000; i++) script.write(bytes(`line ${i}\n`), "stdout");
  script.write(bytes("x".repeat(1_000_000)), "stdout");
  equal(live.lines("k").length, 200);
  equal(
    live.lines("k").every((line) => line.text.length <= 1_000),
    true,
  );
});

test("a script cannot move the cursor of whoever watches it, and characters cut in two are whole", () => {
  const live = createLiveOutput();
  const script = live.begin("k");
  const text = bytes("\u001b[2Jé\u202e\r\n");
  script.write(text.subarray(0, 5), "stdout");
  script.write(text.subarray(5), "stdout");
  equal(live.lines("k")[0]?.text, "\\u001b[2Jé\\u202e");
});
