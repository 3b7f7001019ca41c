import type { SourceFile } from "../architecture/source.ts";

/** What the house says about itself; the Markdown in `company/` is a company's knowledge. */
export const isHouseText = ({ path }: SourceFile): boolean => path.endsWith(".md") && !path.startsWith("company/");

export interface Markdown {
  /** As they stand in a link after `#`. */
  anchors: Set<string>;
  links: { target: string; line: number }[];
  /** `inline code` */
  code: { text: string; line: number }[];
  /** Fenced blocks; `info` is what stands after the fence. */
  blocks: { info: string; text: string; line: number }[];
}

/** The little of Markdown that the rules ask about. Lines are counted from 1. */
export function parseMarkdown(text: string): Markdown {
  const markdown: Markdown = { anchors: new Set(), links: [], code: [], blocks: [] };
  let block: Markdown["blocks"][number] | undefined;
  for (const [i, content] of text.split("\n").entries()) {
    const line = i + 1;
    const fence = /^\s*```(.*)$/.exec(content);
    if (block && fence) block = undefined;
    else if (block) block.text += `${content}\n`;
    else if (fence) {
      block = { info: (fence[1] as string).trim(), text: "", line: line + 1 };
      markdown.blocks.push(block);
    } else readLine(content, line, markdown);
  }
  return markdown;
}

function readLine(content: string, line: number, markdown: Markdown): void {
  const heading = /^#{1,6}\s+(.+)$/.exec(content)?.[1];
  if (heading) markdown.anchors.add(toAnchor(heading));
  for (const [, text = ""] of content.matchAll(/`([^`]+)`/g)) markdown.code.push({ text, line });
  for (const [, target = ""] of content.replace(/`[^`]*`/g, "").matchAll(/\]\(([^)\s]+)[^)]*\)/g))
    markdown.links.push({ target, line });
}

/** As GitHub makes it: lower case, punctuation gone, spaces as hyphens. */
function toAnchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
}
