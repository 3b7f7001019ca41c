/** One measured figure. A ratio is taken against a peer that ran in the same minutes on the same machine. */
export interface Figure {
  what: string;
  value: number;
  unit: string;
  peer?: { name: string; value: number };
  ratio?: number;
  /** What the figure has to reach, in words: `≥ 0.80 × bare DBOS`. */
  reach: string;
  ok: boolean;
}

/** What each file of `bench/` exports; `name` is the file's name. */
export interface Benchmark {
  name: string;
  /** One sentence. */
  about: string;
  run(): Promise<Figure[]>;
}

/** `10-step runs, 50 at a time: 231 runs/s · bare DBOS 254 · ratio 0.91 · reach ≥ 0.80 × · ok` */
export function toLine(figure: Figure): string {
  return [
    `${figure.what}: ${toShort(figure.value)} ${figure.unit}`,
    ...(figure.peer ? [`${figure.peer.name} ${toShort(figure.peer.value)}`] : []),
    ...(figure.ratio === undefined ? [] : [`ratio ${toShort(figure.ratio)}`]),
    `reach ${figure.reach}`,
    figure.ok ? "ok" : "NOT REACHED",
  ].join(" · ");
}

const toShort = (value: number): string =>
  Number.isInteger(value) || Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
