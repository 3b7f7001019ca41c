import { equal, notEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "@regent/contract";
import fc from "fast-check";
import { canonicalJson, digestOf } from "./digest.ts";

/** The example of RFC 8785, §3.2.3 and §3.2.2. */
test("canonical JSON is RFC 8785's", () => {
  equal(
    canonicalJson({
      numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
      literals: [null, true, false],
    }),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
  equal(
    canonicalJson({ "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 }),
    '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
  );
  equal(canonicalJson(-0), "0");
});

test("the order of keys does not matter, every value does", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.parse(JSON.stringify(value)) as Json;
      equal(canonicalJson(JSON.parse(canonicalJson(json))), canonicalJson(json));
      equal(digestOf(reversed(json)), digestOf(json));
    }),
  );
  notEqual(digestOf({ a: 1 }), digestOf({ a: "1" }));
  notEqual(digestOf([1, 2]), digestOf([2, 1]));
});

test("what JSON cannot hold has no digest", () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, "\ud800", undefined, () => 1]) {
    throws(
      () => digestOf({ bad } as unknown as Json) && canonicalJson([bad] as unknown as Json),
      TypeError,
      String(bad),
    );
  }
});

const reversed = (value: Json): Json =>
  Array.isArray(value)
    ? value.map(reversed)
    : value && typeof value === "object"
      ? Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([key, inner]) => [key, reversed(inner)]),
        )
      : value;
