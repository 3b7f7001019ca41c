import { z } from "zod";

/** Business money: a whole number of millionths of the currency's unit. `4_990_000 USD` is 4.99 dollars. */
export const Money = z.strictObject({ micros: z.number().int(), currency: z.string().length(3) });
export type Money = z.infer<typeof Money>;

/**
 * What a step, a stage or a run has used. `usd` is a decimal number for people and programs outside; inside,
 * model money is counted in whole nano-dollars (`Spent`) and rounded up once per call.
 * `usd: null` means that a model without a known price was called: tokens are known, dollars are not.
 */
export const Cost = z
  .strictObject({
    usd: z.number().nonnegative().nullable(),
    tokens: z.number().int().nonnegative(),
    credits: z.number().nonnegative(),
  })
  .meta({ id: "cost" });
export type Cost = z.infer<typeof Cost>;

/** The same as recorded in a step: nano-dollars (1e-9 USD), or null where no price is known. */
export interface Spent {
  usdNanos: number | null;
  tokens: number;
}

export const NOTHING_SPENT: Spent = { usdNanos: 0, tokens: 0 };

export const addSpent = (a: Spent, b: Spent): Spent => ({
  usdNanos: a.usdNanos === null || b.usdNanos === null ? null : a.usdNanos + b.usdNanos,
  tokens: a.tokens + b.tokens,
});

/** Credits exist where Regent is run as a hosted service (1,000 credits = 10 USD); elsewhere they are only shown. */
export const toCost = (spent: Spent): Cost => ({
  usd: spent.usdNanos === null ? null : spent.usdNanos / 1e9,
  tokens: spent.tokens,
  credits: spent.usdNanos === null ? 0 : Math.ceil(spent.usdNanos / 1e7),
});
