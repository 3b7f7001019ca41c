/** Writes blobs without end and says each digest when it is kept; the test kills it. */
import { randomBytes } from "node:crypto";
import { createFolderBlobs } from "#platform";

const blobs = await createFolderBlobs({ folder: process.argv[2] as string });
for (;;) process.send?.(await blobs.put(randomBytes(100_000)));
