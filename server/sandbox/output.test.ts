import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { createOutput } from "./output.ts";

test("both streams together stay below the cap, and the beginning is kept", () => {
  const output = createOutput(10);
  equal(output.add(Buffer.from("abcdef"), "stdout").toString(), "abcdef");
  equal(output.add(Buffer.from("ghijkl"), "stderr").toString(), "ghij");
  equal(output.add(Buffer.from("m"), "stdout").length, 0);
  equal(output.stdout() + output.stderr(), "abcdefghij");
  ok(output.truncated);
});

test("output that fits exactly is whole", () => {
  const output = createOutput(3);
  output.add(Buffer.from("abc"), "stdout");
  equal(output.truncated, false);
});

test("a cut never leaves half a character, whatever its length", () => {
  for (const character of ["a", "é", "€", "😀"]) {
    const bytes = Buffer.from(`x${character.repeat(4)}`);
    for (let cap = 1; cap < bytes.length; cap += 1) {
      const output = createOutput(cap);
      output.add(bytes, "stdout");
      equal(
        output.stdout(),
        `x${character.repeat(Math.floor((cap - 1) / Buffer.byteLength(character)))}`,
        `${character} ${cap}`,
      );
    }
  }
});

test("a character that arrives in two chunks is one character", () => {
  const output = createOutput(100);
  const [euro] = [Buffer.from("€")];
  output.add(euro.subarray(0, 2), "stdout");
  output.add(Buffer.from("!"), "stderr");
  output.add(euro.subarray(2), "stdout");
  equal(output.stdout(), "€");
});
