/** Started by tests to be killed: SANDBOX WORK TOKEN DRIVER GROUPS. Says `up` when its sandbox stands and `running` when the script runs. */
import { createSandbox } from "#sandbox";

const [place = "", directory = "", token = "", driver = "bwrap", groups] = process.argv.slice(2);
const sandbox = await createSandbox({
  directory: place,
  drivers: [driver as "bwrap" | "userns"],
  controlGroups: groups === "true",
});
console.log("up");
await sandbox.run(
  {
    ...{ run: "doomed", stage: "doomed", env: { TOKEN: token }, directory, inputs: [], network: [] },
    script:
      'for i in 1 2 3; do (setsid bash -c "exec -a $TOKEN-$i sleep 300" &) ; done; echo running; exec -a "$TOKEN-0" sleep 300',
  },
  { signal: new AbortController().signal, onOutput: () => console.log("running") },
);
