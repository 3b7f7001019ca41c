export { openTestDatabase, type TestDatabase, type TestDatabaseOptions, testDatabase } from "./database.ts";
export { type DurableRun, type DurableRuns, durableRuns, Killed } from "./durable-run.ts";
export { type FakeClock, fakeClock } from "./fake-clock.ts";
export { type FakeAnswer, type FakeUpstream, fakeUpstream, type ReceivedCall } from "./fake-upstream.ts";
export { type Cut, type FaultProxy, faultProxy, type Moment, type Statement } from "./fault-proxy.ts";
export { temporaryFolder } from "./temporary-folder.ts";
export { gate, testApprovals } from "./test-approvals.ts";
export { testProgram } from "./test-program.ts";
export { type TestCompany, testTriggers } from "./test-triggers.ts";
