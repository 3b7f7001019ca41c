/** One line that a script wrote, control characters escaped. */
export interface LiveLine {
  stream: "stdout" | "stderr";
  text: string;
}

/** The last lines of the scripts that run now, for people who watch. Nothing here is recorded. */
export interface LiveOutput {
  begin(key: string): { write(chunk: Uint8Array, stream: "stdout" | "stderr"): void; end(): void };
  /** Empty when no script of this key runs. A key is a run and a path: `run_…/build`. */
  lines(key: string): LiveLine[];
  /** Called for each new line of any script. */
  onLine(listener: (key: string, line: LiveLine) => void): () => void;
}

const LINES = 200;
const LINE_LENGTH = 1_000;

export function createLiveOutput(): LiveOutput {
  const running = new Map<string, LiveLine[]>();
  const listeners = new Set<(key: string, line: LiveLine) => void>();
  return {
    begin(key) {
      const lines: LiveLine[] = [];
      running.set(key, lines);
      const halves = { stdout: cutter(), stderr: cutter() };
      const add = (stream: LiveLine["stream"], text: string) => {
        const line = { stream, text: printable(text) };
        lines.push(line);
        if (lines.length > LINES) lines.shift();
        for (const listener of listeners) listener(key, line);
      };
      return {
        write(chunk, stream) {
          for (const text of halves[stream].push(chunk)) add(stream, text);
        },
        end() {
          for (const stream of ["stdout", "stderr"] as const)
            for (const text of halves[stream].rest()) add(stream, text);
          if (running.get(key) === lines) running.delete(key);
        },
      };
    },
    lines: (key) => [...(running.get(key) ?? [])],
    onLine(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Bytes into lines. A line without end is cut, so that a flood of one line does not grow in memory. */
function cutter() {
  const decoder = new TextDecoder();
  let half = "";
  return {
    push(chunk: Uint8Array): string[] {
      const lines = (half + decoder.decode(chunk, { stream: true })).split("\n");
      half = lines.pop()!;
      if (half.length > LINE_LENGTH) {
        lines.push(half);
        half = "";
      }
      return lines.slice(-LINES);
    },
    rest: (): string[] => (half === "" ? [] : [half]),
  };
}

/** Terminals and pages obey control characters; what a script wrote must not. */
export const printable = (text: string): string =>
  text
    .slice(0, LINE_LENGTH)
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) =>
      character === "\r" ? "" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
