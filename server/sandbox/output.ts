/** Collects what a script prints, up to a cap that counts both streams together. */
export interface Output {
  stdout(): string;
  stderr(): string;
  bytes(stream: "stdout" | "stderr"): Buffer;
  readonly truncated: boolean;
  add(chunk: Buffer, stream: "stdout" | "stderr"): Buffer;
}

export function createOutput(sizeBytesMax: number): Output {
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  let left = sizeBytesMax;
  let truncated = false;
  const bytes = (stream: "stdout" | "stderr") => Buffer.concat(chunks[stream]);
  return {
    get truncated() {
      return truncated;
    },
    bytes,
    stdout: () => toText(bytes("stdout"), truncated),
    stderr: () => toText(bytes("stderr"), truncated),
    /** Returns the part that still fitted. */
    add(chunk, stream) {
      const kept = chunk.length <= left ? chunk : chunk.subarray(0, left);
      truncated ||= kept.length < chunk.length;
      left -= kept.length;
      if (kept.length > 0) chunks[stream].push(kept);
      return kept;
    },
  };
}

/** A cut may fall into the middle of a character; the half that is left is not shown. */
function toText(bytes: Buffer, truncated: boolean): string {
  if (!truncated) return bytes.toString("utf8");
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return bytes.subarray(0, length > back ? bytes.length - back : bytes.length).toString("utf8");
  }
  return bytes.toString("utf8");
}
