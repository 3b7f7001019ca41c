/** Takes exact counts of bytes out of chunks of any size. */
export function createByteReader(source: AsyncIterable<Buffer>) {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);

  const more = async (): Promise<boolean> => {
    const { done, value } = await chunks.next();
    if (done) return false;
    rest = rest.length === 0 ? value : Buffer.concat([rest, value]);
    return true;
  };

  return {
    /** Exactly `count` bytes, or null when fewer are left. */
    async take(count: number): Promise<Buffer | null> {
      while (rest.length < count) if (!(await more())) return null;
      const taken = rest.subarray(0, count);
      rest = rest.subarray(count);
      return taken;
    },
    /** The next `count` bytes as they come. Throws when the source ends before. */
    async *stream(count: number): AsyncGenerator<Buffer> {
      for (let left = count; left > 0; ) {
        if (rest.length === 0 && !(await more()))
          throw Object.assign(new Error("ended early"), { code: "ERR_STREAM_PREMATURE_CLOSE" });
        const part = rest.subarray(0, left);
        rest = rest.subarray(part.length);
        left -= part.length;
        yield part;
      }
    },
    /**
     * Everything before the next `mark`, as it comes; the mark itself is taken and left out.
     * Throws when there is none.
     */
    async *until(mark: Buffer): AsyncGenerator<Buffer> {
      for (;;) {
        const at = rest.indexOf(mark);
        if (at >= 0) {
          if (at > 0) yield rest.subarray(0, at);
          rest = rest.subarray(at + mark.length);
          return;
        }
        // The last bytes may be the beginning of the mark.
        const safe = rest.length - mark.length + 1;
        if (safe > 0) {
          yield rest.subarray(0, safe);
          rest = rest.subarray(safe);
        }
        if (!(await more())) throw Object.assign(new Error("ended early"), { code: "ERR_STREAM_PREMATURE_CLOSE" });
      }
    },
    async drain(): Promise<void> {
      rest = Buffer.alloc(0);
      while (!(await chunks.next()).done);
    },
  };
}
