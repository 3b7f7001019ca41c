import { fail } from "@regent/contract";
import type { Capabilities } from "../doors.ts";
import type { HandlersOf } from "./handlers.ts";

const ENTRIES_MAX = 1_000;

export const fileHandlers = ({ files }: Capabilities): HandlersOf<"files"> => ({
  async upload({ name }, call) {
    const upload = call.upload;
    if (!upload) throw fail("unsupported_media_type", { expected: "a file" });
    const { path, kind, name: ownName } = upload;
    return files.add(path, { name: name ?? ownName ?? kind, kind, id: call.newId("file") });
  },
  list: (page) => files.list(page),
  async get({ id }) {
    const file = await files.get(id);
    const entries = (await files.entries(id)).slice(0, ENTRIES_MAX);
    return {
      ...file,
      entries: entries.map(({ path, kind, executable, size }) => ({ path, kind, executable, size })),
    };
  },
  async download({ id, path }) {
    const { name, bytes } = await files.read(id, path);
    return new Response(bytes as Uint8Array<ArrayBuffer>, {
      headers: {
        // Never a type that a browser would show: the content is from outside.
        "content-type": "application/octet-stream",
        "content-length": String(bytes.length),
        "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
      },
    });
  },
});
