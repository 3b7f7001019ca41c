import { z } from "zod";

/** What every list takes. */
export const PageQuery = z.strictObject({
  limit: z.number().int().min(1).max(200).default(50),
  /** `next_cursor` of the page before. */
  cursor: z.string().min(1).max(500).optional(),
});

/** What every list answers. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable() });

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}
