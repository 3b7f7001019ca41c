import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { LogLevel } from "./log.ts";
import { readSecrets, type Secrets } from "./secrets.ts";
import { SETTINGS, type Setting, type SettingName } from "./settings.ts";

/** How this process was asked to run. The only reader of the environment. */
export interface Config {
  /** Absolute. */
  companyFolder: string;
  /** Absolute. May not exist yet. */
  dataFolder: string;
  port: number;
  host: string;
  /** Absent: our own PostgreSQL in the data folder. Holds a password: never into a log. */
  databaseUrl: string | undefined;
  role: Role;
  /** Absent: runs are kept for ever. */
  retentionDays: number | undefined;
  logLevel: LogLevel;
  /** By name, from the environment and `secrets.env` in the data folder. Printing it shows only how many there are. */
  secrets: Secrets;
  /** The PATH, for programs that may be installed. */
  searchPath: string;
  /** Sentences for the log: settings that have no effect. */
  warnings: string[];
}

export type Role = "all" | "api" | "worker";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads flags, then the environment, then the defaults.
 * @throws ConfigError  with every problem at once, each with the setting, the value and what is expected
 */
export function readConfig(args: readonly string[], env: Environment = process.env): Config {
  const problems: string[] = [];
  const flags = readFlags(args, problems);
  const given = (name: SettingName): Given => {
    const setting: Setting = SETTINGS[name];
    const flag = setting.flag && flags[setting.flag];
    if (flag !== undefined) return { source: `--${setting.flag}`, value: flag };
    return { source: setting.variable, value: env[setting.variable] || undefined };
  };
  const read = <T>(name: SettingName, parse: (value: string) => T, expected: string): T => {
    const { source, value } = given(name);
    try {
      return parse(value ?? SETTINGS[name].default);
    } catch {
      problems.push(`${source} is ${show(value)}. Expected: ${expected}.`);
      return undefined as T;
    }
  };

  const dataFolder = read("data", toFolder, "a folder");
  const config: Config = {
    companyFolder: read("company", toFolder, "a folder"),
    dataFolder,
    port: read("port", toPort, "a whole number from 0 to 65535"),
    host: read("host", toHost, "an address or a host name, such as 127.0.0.1 or 0.0.0.0"),
    databaseUrl: read("databaseUrl", toDatabaseUrl, "postgresql://user:password@host:5432/database"),
    role: read("role", oneOf("all", "api", "worker"), "all, api or worker"),
    retentionDays: read("retentionDays", toDays, "a whole number of days of 1 or more, or never"),
    logLevel: read("logLevel", oneOf("debug", "info", "warn", "error", "silent"), "debug, info, warn, error or silent"),
    secrets: readSecrets(dataFolder, env, problems),
    searchPath: env.PATH ?? "",
    warnings: given("redisUrl").value ? ["REDIS_URL is set and has no effect yet."] : [],
  };
  refuseWhatIsMissing(given, config, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

export class ConfigError extends Error {
  override name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

interface Given {
  source: string;
  value: string | undefined;
}

/** What somebody asks for and does not get must not look as if it were there. */
function refuseWhatIsMissing(given: (name: SettingName) => Given, config: Config, problems: string[]): void {
  const blobs = given("blobsUrl");
  if (blobs.value) problems.push(`${blobs.source} is set: other stores than the data folder are not supported yet.`);
  for (const name of ["tlsCert", "tlsKey"] as const) {
    const { source, value } = given(name);
    if (value) problems.push(`${source} is set: HTTPS is not supported yet; put a proxy that does it in front.`);
  }
  if (config.role && config.role !== "all" && !given("databaseUrl").value) {
    problems.push(
      `${given("role").source} is "${config.role}": processes that share the work need a database that they share. Set DATABASE_URL.`,
    );
  }
}

function readFlags(args: readonly string[], problems: string[]): Record<string, string | undefined> {
  const known: Setting[] = Object.values(SETTINGS);
  const names = known.flatMap(({ flag }) => flag ?? []);
  try {
    const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const first = (error as Error).message.split(/[.\n]/)[0];
    problems.push(`${first}. Known: ${names.map((name) => `--${name}`).join(", ")}.`);
    return {};
  }
}

function toFolder(value: string): string {
  if (value.includes("\0")) throw new Error();
  return resolve(value);
}

function toPort(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port > 65_535) throw new Error();
  return port;
}

function toHost(value: string): string {
  if (!/^[0-9A-Za-z.:_-]+$/.test(value)) throw new Error();
  return value;
}

function toDatabaseUrl(value: string): string | undefined {
  if (value === SETTINGS.databaseUrl.default) return undefined;
  const url = new URL(value);
  if (!["postgres:", "postgresql:"].includes(url.protocol) || url.pathname.length < 2) throw new Error();
  return value;
}

function toDays(value: string): number | undefined {
  if (value === SETTINGS.retentionDays.default) return undefined;
  const days = Number(value);
  if (!/^\d{1,6}$/.test(value) || days < 1) throw new Error();
  return days;
}

const oneOf =
  <T extends string>(...values: T[]) =>
  (value: string): T => {
    if (!values.includes(value as T)) throw new Error();
    return value as T;
  };

/** A connection string that is written wrongly holds a password all the same. */
const show = (value = ""): string => JSON.stringify(value.replace(/:[^:@/]*@/, ":***@").slice(0, 200));
