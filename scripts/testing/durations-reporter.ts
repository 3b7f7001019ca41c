import { relative } from "node:path";
import type { TestEvent } from "node:test/reporters";

/** A reporter for `node --test`: one JSON line a file with the time it took. */
export default async function* durationsReporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type !== "test:summary" || !event.data.file) continue;
    yield `${JSON.stringify({ file: relative(process.cwd(), event.data.file), durationMs: event.data.duration_ms })}\n`;
  }
}
