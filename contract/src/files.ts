import { z } from "zod";
import { FileId } from "./ids.ts";
import { operation } from "./operation.ts";
import { PageQuery, pageOf } from "./page.ts";

/** A file or folder that was uploaded as an input: read-only, kept by its digest. */
export const StoredFile = z
  .object({
    id: FileId,
    /** Of the tree; a file is a tree with one entry. The same content has the same digest. */
    digest: z.string(),
    name: z.string(),
    kind: z.enum(["file", "folder"]),
    /** Bytes of all files in it. */
    size: z.number().int(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: "stored_file" });
export type StoredFile = z.infer<typeof StoredFile>;

export const StoredFileEntry = z.object({
  path: z.string(),
  kind: z.enum(["file", "folder", "link"]),
  executable: z.boolean(),
  size: z.number().int(),
});

export type StoredFileEntry = z.infer<typeof StoredFileEntry>;

const FilePath = z.strictObject({ id: FileId });

export const fileOperations = {
  upload: operation({
    method: "POST",
    path: "/v1/files",
    summary: "Stores a file (raw body, or one part of a form) or a folder (a tar, or several parts named by path).",
    allow: "operator",
    /** Name of the file or folder; in a form, the part's own name when absent. */
    input: z.strictObject({
      name: z
        .string()
        .min(1)
        .max(255)
        .regex(/^(?!\.{1,2}$)[^/\\\0]+$/, "a name, not a path")
        .optional(),
    }),
    output: StoredFile,
    status: 201,
    body: "bytes",
    errors: ["unsupported_media_type", "payload_too_large", "workspace_too_large"],
  }),
  list: operation({
    method: "GET",
    path: "/v1/files",
    summary: "Uploaded files and folders, newest first.",
    allow: "viewer",
    input: PageQuery,
    output: pageOf(StoredFile),
    errors: [],
  }),
  get: operation({
    method: "GET",
    path: "/v1/files/:id",
    summary: "One uploaded file or folder and what is in it (at most 1,000 entries).",
    allow: "viewer",
    input: FilePath,
    output: StoredFile.extend({ entries: z.array(StoredFileEntry) }),
    errors: ["not_found"],
  }),
  download: operation({
    method: "GET",
    path: "/v1/files/:id/content",
    summary: "The bytes of a file; of a folder, the file at `path`.",
    allow: "viewer",
    input: FilePath.extend({ path: z.string().min(1).max(4_000).optional() }),
    output: z.unknown(),
    answer: "bytes",
    errors: ["not_found"],
  }),
};
