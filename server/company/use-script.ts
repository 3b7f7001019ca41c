import { readScriptNames } from "./script-names.ts";
import type { StageNode } from "./stage-tree.ts";
import type { StagesMaking } from "./to-stages.ts";
import type { Path } from "./yaml-document.ts";

/** Notes the names that a script reads, and returns its text as the shell gets it. */
export function useScript(making: StagesMaking, node: StageNode, source: string, path: Path): string {
  const { script, required, optional, dotted } = readScriptNames(source);
  for (const { text, offset } of dotted) {
    const name = /\w+/.exec(text)![0];
    making.report.error(
      path,
      `No shell can read \`${text}\`; \`\${${name}}\` is the whole value, as JSON.`,
      `\${${name}}`,
      { offset },
    );
  }
  const use = (name: string, offset: number, isOptional: boolean): void => {
    const found = (): void => {
      if (!node.reads.includes(name)) node.reads.push(name);
    };
    making.uses.push({ name, path, offset: () => offset, scope: "stage", node, optional: isOptional, found });
  };
  for (const { name, offset } of required) use(name, offset, false);
  for (const name of optional) use(name, 0, true);
  return script;
}
