/** Just enough of PostgreSQL's protocol, version 3, to see statements pass: whole messages, and the text they run. */

/** Cuts a byte stream into whole messages; what is not whole yet is kept. */
export function createFraming(options: { startsWithoutType: boolean }): (chunk: Buffer) => Buffer[] {
  let kept: Buffer = Buffer.alloc(0);
  // A client's first messages (startup, requests for encryption) have a length and no type.
  let isTyped = !options.startsWithoutType;
  return (chunk) => {
    kept = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
    const messages: Buffer[] = [];
    for (;;) {
      const lengthAt = isTyped ? 1 : 0;
      if (kept.length < lengthAt + 4) return messages;
      const size = lengthAt + kept.readUInt32BE(lengthAt);
      if (kept.length < size) return messages;
      const message = kept.subarray(0, size);
      kept = kept.subarray(size);
      if (!isTyped && !isEncryptionRequest(message)) isTyped = true;
      messages.push(message);
    }
  };
}

/** Asks for TLS or GSSAPI; the answer is one byte, N for no. */
export const isEncryptionRequest = (message: Buffer): boolean =>
  message.length === 8 && [80877103, 80877104].includes(message.readUInt32BE(4));

/** Follows a client's messages and tells which statement one begins to run, if it does. */
export function createStatementReader(): (message: Buffer) => string | undefined {
  const texts = new Map<string, string>(); // prepared statement → text
  const portals = new Map<string, string>(); // portal → text
  return (message) => {
    const type = String.fromCharCode(message[0] ?? 0);
    if (type === "Q") return stringAt(message, 5).value;
    if (type === "P") {
      const name = stringAt(message, 5);
      texts.set(name.value, stringAt(message, name.end).value);
    }
    if (type === "B") {
      const portal = stringAt(message, 5);
      portals.set(portal.value, texts.get(stringAt(message, portal.end).value) ?? "");
    }
    return type === "E" ? portals.get(stringAt(message, 5).value) : undefined;
  };
}

export const typeOf = (message: Buffer): string => String.fromCharCode(message[0] ?? 0);

/** Of CommandComplete: `COMMIT`, `INSERT 0 1`. */
export const commandOf = (message: Buffer): string => stringAt(message, 5).value;

function stringAt(message: Buffer, start: number): { value: string; end: number } {
  const zero = message.indexOf(0, start);
  return { value: message.toString("utf8", start, zero), end: zero + 1 };
}
