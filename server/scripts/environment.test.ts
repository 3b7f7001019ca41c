import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { isReserved, toEnvironment } from "./environment.ts";

test("texts stay as they are, everything else is JSON, null is empty", () => {
  const scope = { name: "a $(b) `c` ${d}\n'e'", days: 7, ready: true, report: { a: [1] }, skipped: null };
  deepEqual(toEnvironment(scope, []), {
    name: "a $(b) `c` ${d}\n'e'",
    days: "7",
    ready: "true",
    report: '{"a":[1]}',
    skipped: "",
  });
});

test("names that steer programs are never set, whoever brings them", () => {
  const names =
    "PATH LD_PRELOAD LD_LIBRARY_PATH NODE_OPTIONS NODE_PATH BASH_ENV BASH_FUNC_ls ENV IFS SHELLOPTS PS4 PYTHONPATH " +
    "PYTHONSTARTUP PERL5OPT PERL5LIB RUBYOPT GIT_SSH_COMMAND GIT_CONFIG_COUNT GCONV_PATH HOSTALIASES http_proxy " +
    "HTTPS_PROXY npm_config_registry SSL_CERT_FILE GOFLAGS GOPATH TMPDIR HOME LC_ALL OPENSSL_CONF JAVA_TOOL_OPTIONS _";
  for (const name of names.split(" ")) equal(isReserved(name), true, name);
  deepEqual(toEnvironment(Object.fromEntries(names.split(" ").map((name) => [name, "x"])), names.split(" ")), {});
});

test("what a founder calls things is not reserved", () => {
  for (const name of "path user mail home lang app_name PRODUCT goal GOAL node python git inputs item groups".split(
    " ",
  ))
    equal(isReserved(name), false, name);
});

test("a name that no shell knows is left to the objects that hold it", () => {
  deepEqual(toEnvironment({ "two words": "x", "a-b": "x", "1a": "x", "a=b": "x", "": "x" }, []), {});
});

test("a value too large for a variable is refused when the script reads it, and left out when not", () => {
  const large = "x".repeat(200_000);
  deepEqual(toEnvironment({ large, small: "s" }, ["small"]), { small: "s" });
  throws(() => toEnvironment({ large }, ["large"]), { code: "script_value_refused", message: /large.*input/ });
  throws(() => toEnvironment({ nul: "a\0b" }, ["nul"]), { code: "script_value_refused" });
});

test("all variables together fit into what a process can be started with", () => {
  const scope = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`v${i}`, "x".repeat(50_000)]));
  const env = toEnvironment(scope, ["v39"]);
  equal(env.v39?.length, 50_000);
  equal(Object.values(env).join("").length <= 600_000, true);
});
