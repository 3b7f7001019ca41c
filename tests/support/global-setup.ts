import { findTestServer, testServer } from "./server.ts";

/** `node --test --test-global-setup=./tests/support/global-setup.ts` */
export async function globalSetup(): Promise<void> {
  await testServer();
}

/** Stops the server now, unless another run of this checkout still uses it; then its idle watch does. */
export async function globalTeardown(): Promise<void> {
  const server = await findTestServer();
  if (server) process.kill(server.keeper, "SIGTERM");
}
