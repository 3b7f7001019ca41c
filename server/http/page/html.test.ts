import { equal } from "node:assert/strict";
import { test } from "node:test";
import { html } from "./html.ts";

test("text from outside stays text, in content and in attributes", () => {
  const name = `<img src=x onerror="alert(1)">&'`;
  equal(
    html`<p title="${name}">${name}</p>`.text,
    `<p title="&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;">&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;</p>`,
  );
});

test("markup made by the same function stays markup; nothing is nothing", () => {
  equal(
    html`<ul>${["a", "<b>"].map((one) => html`<li>${one}</li>`)}${null}${false}${undefined}</ul>`.text,
    "<ul><li>a</li><li>&lt;b&gt;</li></ul>",
  );
});

test("characters that turn the direction of text are shown as what they are", () => {
  equal(html`${"a\u202eb"}`.text, "a\ufffdb");
});
