import type { Command } from "../command.ts";
import { toPlain } from "../output/paint.ts";

export const command: Command = {
  summary: "lists models and says which could be called now",
  example: "regent models list",
  needs: "server",
  async run({ client, output }) {
    const { items } = await (await client()).models.list();
    output.answer({ items }, () =>
      items.length === 0
        ? "The company names no models; the built-in offline model answers."
        : output.table(
            [
              ["MODEL", "TIER", "IN $/M", "OUT $/M", "READY"].map((head) => output.paint("quiet", head)),
              ...items.map((model) => [
                toPlain(model.id),
                toPlain(model.tier ?? "–"),
                model.price ? model.price.input.toFixed(2) : "–",
                model.price ? model.price.output.toFixed(2) : "–",
                model.ready ? output.paint("ok", "yes") : output.paint("wait", toPlain(model.missing ?? "no")),
              ]),
            ],
            { right: [2, 3] },
          ),
    );
    return undefined;
  },
};
