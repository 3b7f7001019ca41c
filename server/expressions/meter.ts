/** An evaluation that costs too much. Never absorbed by `||` or `exists`: it always ends the evaluation. */
export class Exhausted extends Error {
  override name = "Exhausted";
}

/** A failed evaluation, in words that name the field or the operands. */
export class Failed extends Error {
  override name = "Failed";
}

const UNITS_MAX = 1_000_000;
const TEXT_MAX = 8_000_000;
const ITEMS_MAX = 200_000;

/** Counts what an evaluation costs, so that it ends after the same amount of work on every machine. */
export class Meter {
  private left = UNITS_MAX;

  spend(units: number): void {
    this.left -= units;
    if (this.left < 0) throw new Exhausted("the evaluation takes too many steps");
  }

  /** Work that runs over a text, such as a search: cheap per character, not free. */
  spendText(characters: number): void {
    this.spend(1 + Math.ceil(characters / 64));
  }

  makeText(length: number): void {
    this.spendText(length);
    if (length > TEXT_MAX) throw new Exhausted(`the text becomes longer than ${TEXT_MAX} characters`);
  }

  makeList(length: number): void {
    this.spend(1 + Math.ceil(length / 8));
    if (length > ITEMS_MAX) throw new Exhausted(`the list becomes longer than ${ITEMS_MAX} items`);
  }
}
