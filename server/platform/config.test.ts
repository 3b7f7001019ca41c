import { deepEqual, doesNotMatch, equal, match, throws } from "node:assert/strict";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { temporaryFolder } from "#testing";
import { ConfigError, readConfig } from "./config.ts";
import { SETTINGS } from "./settings.ts";

test("with nothing set, everything has its default", () => {
  const config = readConfig([], {});
  deepEqual(
    { ...config, secrets: config.secrets.size },
    {
      companyFolder: resolve("company"),
      dataFolder: resolve("data"),
      port: 4700,
      host: "127.0.0.1",
      databaseUrl: undefined,
      role: "all",
      retentionDays: undefined,
      logLevel: "info",
      secrets: 0,
      searchPath: "",
      warnings: [],
    },
  );
});

test("a flag wins over the environment, and the environment over the default", () => {
  const env = { PORT: "5000", REGENT_DATA: "/srv/regent", REGENT_RETENTION_DAYS: "30" };
  const config = readConfig(["--port", "0", "--company=/srv/company"], env);
  deepEqual(
    [config.port, config.dataFolder, config.companyFolder, config.retentionDays],
    [0, "/srv/regent", "/srv/company", 30],
  );
});

test("an empty variable counts as not set", () => {
  equal(readConfig([], { PORT: "", DATABASE_URL: "" }).port, 4700);
});

test("every problem is told at once, with the setting, the value and what is expected", () => {
  const env = { HOST: "a b", REGENT_LOG: "loud", REGENT_RETENTION_DAYS: "0", DATABASE_URL: "mysql://u:hidden@h/d" };
  throws(
    () => readConfig(["--port", "70000", "--role", "boss"], env),
    (error) => {
      if (!(error instanceof ConfigError)) throw error;
      deepEqual(error.problems, [
        '--port is "70000". Expected: a whole number from 0 to 65535.',
        'HOST is "a b". Expected: an address or a host name, such as 127.0.0.1 or 0.0.0.0.',
        'DATABASE_URL is "mysql://u:***@h/d". Expected: postgresql://user:password@host:5432/database.',
        '--role is "boss". Expected: all, api or worker.',
        'REGENT_RETENTION_DAYS is "0". Expected: a whole number of days of 1 or more, or never.',
        'REGENT_LOG is "loud". Expected: debug, info, warn, error or silent.',
      ]);
      return true;
    },
  );
});

test("a flag that does not exist is named, with those that do", () => {
  throws(() => readConfig(["--prot", "1"], {}), /Unknown option '--prot'\. Known: --company, --data, --port, --role\./);
  throws(() => readConfig(["start"], {}), ConfigError);
  throws(() => readConfig(["--port"], {}), ConfigError);
});

test("what is asked for and not there yet is refused, or said to have no effect", () => {
  throws(
    () => readConfig([], { BLOBS_URL: "s3://bucket?endpoint=x" }),
    /BLOBS_URL is set: other stores .* not supported yet/,
  );
  throws(() => readConfig([], { REGENT_TLS_CERT: "/cert.pem" }), /REGENT_TLS_CERT is set: HTTPS is not supported yet/);
  deepEqual(readConfig([], { REDIS_URL: "redis://x" }).warnings, ["REDIS_URL is set and has no effect yet."]);
});

test("a worker without a shared database is refused", () => {
  throws(() => readConfig(["--role", "worker"], {}), /--role is "worker": .* Set DATABASE_URL\./);
  equal(readConfig(["--role", "worker"], { DATABASE_URL: "postgresql://u@h/d" }).role, "worker");
});

async function dataFolderWith(text: string, mode: number): Promise<string> {
  const data = join(await temporaryFolder("config"), "data");
  await mkdir(data);
  await writeFile(join(data, "secrets.env"), text);
  await chmod(join(data, "secrets.env"), mode);
  return data;
}

test("secrets come from the environment and from secrets.env, and are never shown", async () => {
  const REGENT_DATA = await dataFolderWith(
    "# keys\nOPENAI_API_KEY='from the file'\nexport LAB = plain # not a comment\n\nMISTRAL_API_KEY=other\r\n",
    0o600,
  );
  const config = readConfig([], {
    REGENT_DATA,
    MISTRAL_API_KEY: "from the environment",
    REGENT_TOKEN: "t",
    HOME: "/x",
  });
  deepEqual(Object.fromEntries(config.secrets), {
    OPENAI_API_KEY: "from the file",
    LAB: "plain # not a comment",
    MISTRAL_API_KEY: "from the environment",
  });
  for (const shown of [inspect(config), JSON.stringify(config), `${config.secrets}`]) {
    match(shown, /3 secrets/);
    doesNotMatch(shown, /from the/);
  }
});

test("a secrets.env that others may read is refused with the way out, and is not read", async () => {
  for (const mode of [0o644, 0o640, 0o604]) {
    const REGENT_DATA = await dataFolderWith("A_KEY=hidden\n", mode);
    throws(
      () => readConfig([], { REGENT_DATA }),
      (error: Error) => {
        match(error.message, /secrets\.env has mode 06\d\d: others .* Run: chmod 600 \//);
        doesNotMatch(error.message, /hidden/);
        return true;
      },
    );
  }
});

test("a line of secrets.env that is not NAME=value is told by its number, without its content", async () => {
  const REGENT_DATA = await dataFolderWith("A_KEY=1\nsk-hidden-value\n", 0o600);
  throws(
    () => readConfig([], { REGENT_DATA }),
    (error: Error) => {
      match(error.message, /secrets\.env, line 2: expected NAME=value\./);
      doesNotMatch(error.message, /hidden/);
      return true;
    },
  );
});

test("each setting is in the table once", () => {
  const variables = Object.values(SETTINGS).map(({ variable }) => variable);
  equal(new Set(variables).size, variables.length);
});
