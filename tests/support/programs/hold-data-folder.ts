/**
 * Starts the PostgreSQL of a data folder and keeps it until it is told to stop or is killed. Says
 * `{ url, pids }` or `{ failed }`; says `{ lost }` when another took the folder.
 *
 *     node tests/support/programs/hold-data-folder.ts FOLDER [npm|system]
 */
import { createLog, migrate, startPostgres } from "#platform";

const [folder = "", only] = process.argv.slice(2);
const say = (message: object) => process.send?.(message);

try {
  const postgres = await startPostgres({
    folder,
    log: createLog({ level: "silent" }),
    onLost: (error) => say({ lost: error.message }),
    ...(only === "npm" || only === "system" ? { only } : {}),
  });
  await migrate(postgres.url);
  say({ url: postgres.url, pids: postgres.pids() });
  process.once("message", async () => {
    await postgres.stop();
    process.disconnect();
  });
} catch (error) {
  say({ failed: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  process.disconnect();
}
