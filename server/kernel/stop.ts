/**
 * Tells the lanes of a group that they are no longer wanted. What an AbortSignal is for a step's body, this is for
 * stages that may wait for months, ten thousand at a time: a tenth of its memory, and no listener kept by accident.
 */
export class Stop {
  #aborted = false;
  #listeners: Set<() => void> | undefined;
  #outer: Stop | undefined;
  readonly #follow = (): void => this.abort();

  /** One that stops with `outer`, until it is released. */
  static within(outer: Stop): Stop {
    const stop = new Stop();
    if (outer.aborted) stop.abort();
    else {
      stop.#outer = outer;
      outer.onAbort(stop.#follow);
    }
    return stop;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const listener of listeners ?? []) listener();
  }

  /** Called once, at once if it has happened. */
  onAbort(listener: () => void): void {
    if (this.#aborted) {
      listener();
      return;
    }
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
  }

  offAbort(listener: () => void): void {
    this.#listeners?.delete(listener);
    if (this.#listeners?.size === 0) this.#listeners = undefined;
  }

  /** No longer follows the one it was made within. */
  release(): void {
    this.#outer?.offAbort(this.#follow);
    this.#outer = undefined;
  }
}
