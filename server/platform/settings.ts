/** Everything that can be set, in one table: the parser reads it, and the documents are checked against it. */
export interface Setting {
  variable: string;
  /** Absent: only by the environment, because arguments can be seen by everybody on the machine. */
  flag?: string;
  default: string;
  means: string;
}

export const SETTINGS = {
  company: {
    variable: "REGENT_COMPANY",
    flag: "company",
    default: "./company",
    means: "The company's folder.",
  },
  data: {
    variable: "REGENT_DATA",
    flag: "data",
    default: "./data",
    means: "Everything Regent writes.",
  },
  port: {
    variable: "PORT",
    flag: "port",
    default: "4700",
    means: "The HTTP port; 0 takes a free one.",
  },
  host: {
    variable: "HOST",
    default: "127.0.0.1",
    means: "The address that HTTP is bound to. Any other lets other machines in.",
  },
  databaseUrl: {
    variable: "DATABASE_URL",
    default: "embedded",
    means: "A PostgreSQL 14 or newer to use instead of our own in the data folder.",
  },
  blobsUrl: {
    variable: "BLOBS_URL",
    default: "a folder in the data folder",
    means: "Where large contents lie. `s3://…` is not supported yet and refused.",
  },
  redisUrl: {
    variable: "REDIS_URL",
    default: "none",
    means: "Not used yet; nothing needs it.",
  },
  tlsCert: {
    variable: "REGENT_TLS_CERT",
    default: "none",
    means: "HTTPS is not supported yet and refused: put a proxy in front.",
  },
  tlsKey: {
    variable: "REGENT_TLS_KEY",
    default: "none",
    means: "See REGENT_TLS_CERT.",
  },
  role: {
    variable: "REGENT_ROLE",
    flag: "role",
    default: "all",
    means: "`all`, `api` or `worker`. Any number of workers share one DATABASE_URL.",
  },
  retentionDays: {
    variable: "REGENT_RETENTION_DAYS",
    default: "never",
    means: "Runs that ended more than so many days ago are removed. They cannot be brought back. `never` keeps all.",
  },
  logLevel: {
    variable: "REGENT_LOG",
    default: "info",
    means: "`debug`, `info`, `warn`, `error` or `silent`. The log goes to stderr.",
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;
