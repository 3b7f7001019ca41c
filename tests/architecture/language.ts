/** TypeScript that Node runs by stripping the types: nothing that needs a compiler. */
import { stripTypeScriptTypes } from "node:module";
import { type Finding, isCode, type Node, type Rule, type SourceFile, syntaxOf } from "./source.ts";

const REFUSED: Record<string, string> = {
  TSEnumDeclaration: "no enum: a const object and a union type",
  Decorator: "no decorators: Node cannot run them",
  TSParameterProperty: "no parameter properties: declare the field and assign it",
  TSImportEqualsDeclaration: "no import =",
  TSExportAssignment: "no export =",
};

export const erasableSyntax: Rule = {
  name: "every file runs as it is once its types are stripped",
  check: (files) => [
    ...files.filter(isCode).flatMap((file) => [...errorsIn(file), ...refusedIn(file), ...unstrippable(file)]),
    ...files
      .filter(({ path }) => path.endsWith(".tsx") && !path.startsWith("console/"))
      .map(({ path }) => ({ path, line: 1, message: "Node does not run .tsx" })),
  ],
  planted: [
    { files: { "server/a/a.ts": "\nenum State { Open }" }, at: ["server/a/a.ts:2"] },
    { files: { "server/a/a.ts": "@sealed\nclass A {}" }, at: ["server/a/a.ts:1"] },
    { files: { "server/a/a.ts": "class A {\n  constructor(private a: number) {}\n}" }, at: ["server/a/a.ts:2"] },
    { files: { "server/a/a.ts": "namespace A {\n  export const b = 1;\n}" }, at: ["server/a/a.ts:1"] },
    { files: { "server/a/a.ts": "const a = ;" }, at: ["server/a/a.ts:1"] },
    { files: { "server/a/page.tsx": "export const a = <p>x</p>;" }, at: ["server/a/page.tsx:1"] },
    { files: { "server/a/a.ts": "type A = 1;\nexport const a = <T,>(b: T): T => b satisfies T;" }, at: [] },
  ],
};

function errorsIn(file: SourceFile): Finding[] {
  return syntaxOf(file).errors.map(({ message, line }) => ({ path: file.path, line, message }));
}

function refusedIn(file: SourceFile): Finding[] {
  const { nodes, lineOf } = syntaxOf(file);
  return nodes.flatMap((node) => {
    const message = refused(node);
    return message ? [{ path: file.path, line: lineOf(node), message }] : [];
  });
}

function refused(node: Node): string | undefined {
  if (node.type === "TSModuleDeclaration" && !node.declare && node.kind !== "global") return "no namespaces";
  return REFUSED[node.type];
}

/** What the tree does not show, Node itself says; a file with other findings would be reported twice. */
function unstrippable(file: SourceFile): Finding[] {
  if (!file.path.endsWith(".ts") || errorsIn(file).length + refusedIn(file).length > 0) return [];
  try {
    stripTypeScriptTypes(file.text);
    return [];
  } catch (error) {
    return [{ path: file.path, line: 1, message: String(error) }];
  }
}
