export { type TestDatabase, type TestDatabaseOptions, testDatabase } from "./database.ts";
export { type FakeClock, fakeClock } from "./fake-clock.ts";
export { temporaryFolder } from "./temporary-folder.ts";
