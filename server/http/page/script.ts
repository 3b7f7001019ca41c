/**
 * Keeps a page as it is on the server: reads it again when something changes and puts in the parts that differ. What
 * somebody is typing into, or has opened, stays. Without it the pages work, they only do not move.
 */
export const SCRIPT = `
"use strict";
const ticket = document.querySelector("[data-ticket]");
if (ticket && location.hash.length > 20) {
  ticket.value = location.hash.slice(1);
  history.replaceState(null, "", "/");
  ticket.form.submit();
}

const parts = (root) => [...root.querySelectorAll("[data-part]")];
const isBusy = (part) => part.contains(document.activeElement) && document.activeElement.matches("input") && document.activeElement.value !== "";

function put(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  document.title = fresh.title;
  const old = new Map(parts(document).map((part) => [part.dataset.part, part]));
  const wanted = parts(fresh);
  if (wanted.length !== old.size || wanted.some((part) => !old.has(part.dataset.part))) {
    const main = document.querySelector("main"), next = fresh.querySelector("main");
    if (main && next && !isBusy(main)) { keepOpen(main, next); swap(main, next); }
    else if (!main || !next) location.reload();
    return;
  }
  for (const part of wanted) {
    const before = old.get(part.dataset.part);
    // Parts lie in parts: when the outer one was put in, the inner ones came with it.
    if (!before.isConnected) continue;
    keepOpen(before, part);
    if (before.outerHTML !== part.outerHTML && !isBusy(before)) swap(before, part);
  }
}

// What somebody reads stays where they scrolled it, and an empty field that they stand in keeps the cursor.
function swap(before, after) {
  const boxes = (root) => [...root.querySelectorAll(".shown, pre")];
  const at = boxes(before).map((box) => box.scrollTop);
  const field = before.contains(document.activeElement) && document.activeElement.matches("input") && document.activeElement;
  const home = field && field.form && field.form.getAttribute("action");
  before.replaceWith(after);
  boxes(after).forEach((box, i) => { if (at[i]) box.scrollTop = at[i]; });
  if (home) for (const form of after.querySelectorAll("form")) if (form.getAttribute("action") === home) form.elements[field.name]?.focus({ preventScroll: true });
}

function keepOpen(before, after) {
  const open = new Set([...before.querySelectorAll("details[open][id]")].map((one) => one.id));
  for (const one of after.querySelectorAll("details[id]")) if (open.has(one.id)) one.open = true;
}

let reading = false, again = false;
async function refresh() {
  if (reading) { again = true; return; }
  reading = true;
  try {
    const response = await fetch(location.pathname + location.search, { headers: { accept: "text/html" } });
    if (response.status === 401) location.reload();
    else put(await response.text());
  } catch {} finally {
    reading = false;
    if (again) { again = false; setTimeout(refresh, 300); }
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-live]")) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  if (document.activeElement) document.activeElement.blur();
  for (const input of form.querySelectorAll("input[type=text]")) input.value = "";
  try {
    await fetch(form.action, { method: "POST", body, redirect: "manual" });
  } catch {}
  refresh();
});

if (document.body.dataset.live === "yes") {
  const live = () => document.querySelector(".live");
  let timer = 0;
  const soon = () => { clearTimeout(timer); timer = setTimeout(refresh, 150); };
  const stream = new EventSource("/v1/stream?topics=runs,approvals,definitions");
  stream.onopen = () => { const one = live(); if (one) { one.dataset.on = "yes"; one.textContent = "Live"; } soon(); };
  stream.onerror = () => { const one = live(); if (one) { one.dataset.on = "no"; one.textContent = "Reconnecting"; } };
  stream.onmessage = soon;
  // Moments pass without a message: durations that run, decisions that take effect.
  setInterval(() => { if (!document.hidden && document.querySelector("[data-moving]")) refresh(); }, 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
}
`;
