import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { temporaryFolder } from "#testing";
import { createSandbox, type ScriptSpec } from "./sandbox.ts";

const place = await temporaryFolder("runtime");
const sandbox = await createSandbox({ directory: join(place, "sandbox") });
after(() => sandbox.close());

test("node is the server's own, and imports from the folder in which the script works", async () => {
  const directory = makeFolder({
    "lib.cjs": "exports.a = 1",
    "lib.ts": "export const b: number = 2",
    "node_modules/pkg/index.js": "module.exports = 3",
  });
  const common = 'console.log(process.version, require("./lib.cjs").a, require("pkg"), require("./lib.ts").b)';
  equal(await printed({ directory, runtime: "node", script: common }), `${process.version} 1 3 2\n`);
  const modern =
    'import { b } from "./lib.ts"; import pkg from "pkg"; import fs from "node:fs"; console.log(b, pkg, await 4)';
  equal(await printed({ directory, runtime: "node", script: modern }), "2 3 4\n");
  const inBash = "node -p \"process.version + require('node:os').userInfo().username\"";
  match(await printed({ script: inBash }), new RegExp(`^${process.version}(nobody|root)\n$`));
});

test("python imports from the folder in which the script works", async () => {
  const directory = makeFolder({ "src/lib.py": "a = 5" });
  const script = "import lib, sys\nprint(lib.a, sys.argv[1:])";
  equal(await printed({ directory, runtime: "python", script, workingDirectory: "src" }), "5 []\n");
});

test("a first line that names an interpreter beats the runtime", async () => {
  equal(await printed({ runtime: "node", script: "#!/usr/bin/perl\nprint 6 * 7, qq{\\n};" }), "42\n");
  equal(await printed({ runtime: "bash", script: '#!/usr/bin/env node\nconsole.log("node")' }), "node\n");
});

test("bash is what a script gets that says nothing, and it is no login shell", async () => {
  equal(
    await printed({ script: 'echo "$0 ${BASH_VERSION:+bash} $HOME $PWD"; shopt -q login_shell || echo plain' }),
    "/opt/regent/script.sh bash /home /workspace\nplain\n",
  );
});

test("a runtime that is not here is named with its package", async () => {
  await rejects(run({ runtime: "ruby", script: "" }), {
    code: "runtime_missing",
    message: /ruby.*known are bash, node, python, go/,
  });
  for (const line of ["#!/usr/bin/no-such-thing", "#!/usr/bin/env -S no-such-thing -x", "#!/nowhere/no-such-thing"]) {
    await rejects(run({ script: `${line}\n` }), { code: "runtime_missing", message: /no-such-thing.*below \/usr/ });
  }
  await rejects(run({ script: "#!/usr/bin/env ruby9\n" }), { code: "runtime_missing", message: /the package ruby/ });
  await rejects(run({ script: "#!/bin/bash\r\n" }), { code: "invalid_input" });
});

test("a script can open its streams again by name", async () => {
  const result = await run({
    script: "echo a > /dev/stdout; echo b > /dev/stderr; echo c | tee /dev/stderr; cat /dev/stdin",
    stdin: Buffer.from("in\n"),
  });
  deepEqual([result.stdout, result.stderr], ["a\nc\nin\n", "b\nc\n"]);
});

test("a script reaches its own ports by name", async () => {
  const script = `
    import { createServer } from "node:http";
    const server = createServer((_, response) => response.end("hello")).listen(0, "localhost", async () => {
      console.log(await (await fetch("http://localhost:" + server.address().port)).text());
      server.close();
    });`;
  equal(await printed({ runtime: "node", script }), "hello\n");
});

async function printed(spec: Partial<ScriptSpec>): Promise<string> {
  const result = await run(spec);
  ok(result.outcome === "ok", JSON.stringify(result));
  return result.stdout;
}

let folders = 0;
function makeFolder(files: Record<string, string> = {}): string {
  const folder = join(place, `work-${++folders}`);
  mkdirSync(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

function run(spec: Partial<ScriptSpec>) {
  const whole = { run: "run_1", stage: "test", script: "true", env: {}, inputs: [], network: [], ...spec };
  return sandbox.run({ ...whole, directory: spec.directory ?? makeFolder() }, { signal: new AbortController().signal });
}
