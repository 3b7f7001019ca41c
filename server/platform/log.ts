import pino from "pino";

/** Structured log: `log.info({ run }, "the run ended")`. */
export type Log = Pick<pino.Logger, "debug" | "info" | "warn" | "error" | "child">;

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** To stderr, because stdout belongs to the answer of a command. */
export function createLog(options: { level: LogLevel }): Log {
  return pino({ level: options.level, base: null }, pino.destination({ dest: 2, sync: true }));
}

export const silentLog: Log = pino({ level: "silent" });
