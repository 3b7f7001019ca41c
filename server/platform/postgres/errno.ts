/** The error's system code, where it has one. */
export const asErrno = (error: unknown): { code?: string } => error as { code?: string };

/** For `.catch`: what is not there is undefined, everything else is an error. */
export function unlessMissing(error: unknown): undefined {
  if (asErrno(error).code !== "ENOENT") throw error;
}

/** For `.catch`: what is there already is as it should be. */
export function unlessExists(error: unknown): undefined {
  if (asErrno(error).code !== "EEXIST") throw error;
}
