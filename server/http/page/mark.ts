import { type Html, html } from "./html.ts";
import { toWord } from "./readable.ts";

/** A status is shape, word and colour, so that it survives greyscale. */
export const mark = (status: string): Html =>
  html`<svg class="mark ${status}" viewBox="0 0 16 16" role="img" aria-label="${toWord(status)}">${shape(status)}</svg>`;

export const pill = (status: string, more?: string): Html =>
  html`<span class="pill ${status}">${mark(status)}${toWord(status)}${more !== undefined && html` ${more}`}</span>`;

const disc = (sign: string): Html =>
  html`<circle class="disc" cx="8" cy="8" r="7"></circle><path class="sign" d="${sign}"></path>`;

function shape(status: string): Html {
  switch (status) {
    case "succeeded":
      return disc("M5 8.2l2.1 2.1L11 6");
    case "failed":
    case "timed_out":
      return disc("M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4");
    case "waiting":
    case "paused":
      return disc("M6.4 5.6v4.8M9.6 5.6v4.8");
    case "cancelled":
    case "skipped":
      return disc("M5.2 8h5.6");
    case "running":
      return html`<circle class="ring" cx="8" cy="8" r="6"></circle><path class="arc" d="M8 2a6 6 0 0 1 6 6"></path>`;
    default:
      return html`<circle class="dashes" cx="8" cy="8" r="6"></circle>`;
  }
}
