import pg from "pg";

/** One key for the lock that says "a Regent uses this data folder". */
const LOCK = 4_700_002;

/**
 * Takes the data folder for this process, for as long as the connection lives that this returns; also `kill -9` ends
 * it. The lock is the database's: it needs no file that could go stale.
 *
 * @param onEnd  the connection is gone, and the lock with it
 * @throws DataFolderInUse  somebody else has it
 */
export async function lockDataFolder(url: string, onEnd: () => void): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: `regent pid ${process.pid}`,
    keepAlive: true,
  });
  client.on("error", () => {}); // "end" follows
  await client.connect();
  // A process that was killed a moment ago: the server sees its closed socket within milliseconds.
  for (let attempt = 0; attempt < 20; attempt++) {
    const { rows } = await client.query<{ taken: boolean }>("select pg_try_advisory_lock($1) as taken", [LOCK]);
    if (rows[0]?.taken) {
      client.once("end", onEnd);
      return client;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const holder = await findHolder(client);
  await client.end();
  throw new DataFolderInUse(holder);
}

interface Holder {
  name: string;
  since: string;
}

async function findHolder(client: pg.Client): Promise<Holder | undefined> {
  const { rows } = await client.query<Holder>(
    `select a.application_name as name, to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') as since
     from pg_locks l
     join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.classid = 0 and l.objid = $1
       and l.database = (select oid from pg_database where datname = current_database())`,
    [LOCK],
  );
  return rows[0];
}

export class DataFolderInUse extends Error {
  override name = "DataFolderInUse";

  constructor(holder: Holder | undefined) {
    const who = holder
      ? `${holder.name.replace("regent pid", "process")} has it since ${holder.since}`
      : "another process has it";
    super(`The data folder is in use: ${who}. Stop that Regent, or give this one its own folder with --data.`);
  }
}
