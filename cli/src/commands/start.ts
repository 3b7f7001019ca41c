import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Command, EXIT, text } from "../command.ts";

const SERVER = fileURLToPath(new URL("../../../server/main.ts", import.meta.url));

export const command: Command = {
  summary: "starts the server and keeps running until Ctrl-C",
  options: [
    ["--port <port>", "where to listen (PORT, else 4700)"],
    ["--role <role>", "all, api or worker (REGENT_ROLE, else all)"],
    ["--data <dir>", "the data folder (REGENT_DATA, else ./data)"],
    ["--company <dir>", "the company's folder (REGENT_COMPANY, else ./company)"],
  ],
  example: "regent start --company my-company --port 4700",
  needs: "nothing",
  async run({ terminal, dataFolder, companyFolder }, _, options) {
    const flags = ["port", "role"].flatMap((name) => (text(options[name]) ? [`--${name}`, text(options[name])!] : []));
    const child = spawn(process.execPath, [SERVER, "--data", dataFolder, "--company", companyFolder, ...flags], {
      stdio: "inherit",
      env: terminal.environment as NodeJS.ProcessEnv,
    });
    // A terminal's Ctrl-C reaches the server by itself; a signal to this process alone is passed on.
    const pass = () => child.kill("SIGTERM");
    process.on("SIGTERM", pass);
    const code = await new Promise<number>((resolve) => {
      child.on("error", () => resolve(EXIT.failed));
      child.on("exit", (exitCode) => resolve(exitCode ?? EXIT.failed));
    });
    process.off("SIGTERM", pass);
    return code;
  },
};
