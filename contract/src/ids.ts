import { z } from "zod";

/** Ids carry their kind, so that one pasted into the wrong place is refused at once. */
const id = <Kind extends string>(prefix: Kind) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9A-Za-z._-]{1,120}$`), `an id that starts with ${prefix}_`)
    .meta({ id: `${prefix}_id` });

export const RunId = id("run");
export const ApprovalId = id("apr");
export const EventId = id("evt");
export const FileId = id("file");

export type IdKind = "run" | "apr" | "evt" | "file";
