import { type Html, html } from "./html.ts";
import { toValueText } from "./readable.ts";

const DEPTH_MAX = 4;
const PLACES_MAX = 300;

/**
 * A value as people read it: names beside what they hold, lists one below another, text as it was written. What is
 * too deep or too large for that is shown as JSON.
 */
export const valueShown = (value: unknown): Html =>
  countPlaces(value, 0) > PLACES_MAX ? html`<pre>${toValueText(value)}</pre>` : place(value);

function place(value: unknown): Html {
  if (Array.isArray(value)) return list(value);
  if (isMap(value)) return pairs(value);
  return html`<span class="text">${toScalarText(value)}</span>`;
}

function list(items: unknown[]): Html {
  if (items.length === 0) return html`<span class="subtle">none</span>`;
  if (items.every((item) => !isNested(item) && String(item).length <= 40))
    return html`<span class="text">${items.map(toScalarText).join(", ")}</span>`;
  const names = columnsOf(items);
  if (names !== null)
    return html`<table class="rows"><thead><tr>${names.map((name) => html`<th>${name.replaceAll("_", " ")}</th>`)}</tr></thead>
<tbody>${(items as Record<string, unknown>[]).map((item) => html`<tr>${names.map((name) => html`<td>${place(item[name])}</td>`)}</tr>`)}</tbody></table>`;
  return html`<ul class="items">${items.map((item) => html`<li>${place(item)}</li>`)}</ul>`;
}

function pairs(map: Record<string, unknown>): Html {
  const entries = Object.entries(map);
  if (entries.length === 0) return html`<span class="subtle">nothing</span>`;
  return html`<dl class="pairs">${entries.map(([name, value]) => html`<dt>${name.replaceAll("_", " ")}</dt><dd>${place(value)}</dd>`)}</dl>`;
}

/** The names that all items have, when they are few and hold short values: then a table is easier to read. */
function columnsOf(items: unknown[]): string[] | null {
  const [first] = items;
  if (items.length < 2 || !isMap(first)) return null;
  const names = Object.keys(first);
  const isRow = (item: unknown): boolean =>
    isMap(item) &&
    Object.keys(item).length === names.length &&
    names.every((name) => Object.hasOwn(item, name) && !isNested(item[name]) && String(item[name]).length <= 80);
  return names.length > 0 && names.length <= 5 && items.every(isRow) ? names : null;
}

function toScalarText(value: unknown): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return toValueText(value);
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isNested = (value: unknown): boolean => typeof value === "object" && value !== null;

/** Ends early: a value of a million places is not walked to its end. */
function countPlaces(value: unknown, depth: number): number {
  if (!isNested(value)) return 1;
  if (depth >= DEPTH_MAX) return PLACES_MAX + 1;
  let count = 1;
  for (const part of Object.values(value as object)) {
    count += countPlaces(part, depth + 1);
    if (count > PLACES_MAX) break;
  }
  return count;
}
