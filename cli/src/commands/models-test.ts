import { type Command, EXIT } from "../command.ts";
import { toPlain } from "../output/paint.ts";
import { toDuration } from "../output/readable.ts";

export const command: Command = {
  summary: "makes two small real calls to a model; they may cost a fraction of a cent",
  arguments: [["<model>", "a model, an alias or a tier"]],
  example: "regent models test fast",
  needs: "server",
  async run({ client, output }, [model]: [string]) {
    const test = await (await client()).models.test({ model });
    output.answer(test, () =>
      test.ok
        ? [
            `${output.paint("ok", "✓")} ${toPlain(test.model)}  ${toDuration(test.latency_ms)}`,
            test.tokens_per_s === null ? "" : `${Math.round(test.tokens_per_s)} tokens/s`,
            test.json_ok ? "JSON works" : output.paint("wait", "answers no JSON"),
            test.offline ? output.paint("wait", "this is the built-in offline model") : "",
          ]
            .filter((fact) => fact !== "")
            .join(" · ")
        : `${output.paint("fail", "✗")} ${toPlain(test.model)}  ${toPlain(test.reason ?? "")}`,
    );
    return test.ok ? EXIT.done : EXIT.failed;
  },
};
