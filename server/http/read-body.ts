import { fail } from "@regent/contract";

const READ_MS_MAX = 30_000;

/**
 * The whole body, at most `bytesMax`, within 30 s.
 * @throws payload_too_large
 */
export async function readBody(request: Request, bytesMax: number): Promise<Uint8Array> {
  const tooLarge = () => fail("payload_too_large", { limit: `${Math.floor(bytesMax / 1_000_000)} MB` });
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) throw tooLarge();
  if (!request.body) return new Uint8Array();

  const reader = request.body.getReader();
  const deadline = setTimeout(() => void reader.cancel().catch(() => {}), READ_MS_MAX);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return Buffer.concat(chunks);
      size += value.length;
      if (size > bytesMax) throw tooLarge();
      chunks.push(value);
    }
  } finally {
    clearTimeout(deadline);
    if (size > bytesMax) await reader.cancel().catch(() => {});
  }
}
