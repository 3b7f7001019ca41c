import { z } from "zod";
import { anyObject, Id, Name, Text } from "./values.ts";

const Inbox = z.union([z.string(), z.int()]).meta({ description: "an inbox by number or name" });

const body = {
  id: Id.optional(),
  name: Name.optional(),
  description: Text.optional(),
  repo: Text.optional(),
  domain: Text.optional(),
  url: Text.optional(),
  type: Text.optional(),
  owner: Text.optional(),
  status: Text.optional(),
  tags: z.array(z.string()).optional(),
  price: z.union([z.string(), z.number()]).meta({ description: "a price such as $9" }).optional(),
  currency: Text.optional(),
  stripe_account: Text.optional(),
  chatwoot_inbox: Inbox.optional(),
  support_inbox: Inbox.optional(),
  ad_platforms: z.array(z.string()).optional(),
  ads: anyObject("accounts of ad platforms, such as { meta: act_1 }").optional(),
  data: anyObject("whatever else expressions of this company read").optional(),
};

export const ProductSource = z.strictObject(body).meta({ id: "product", description: "a product" });
export const ProductsFile = z
  .strictObject({
    products: z
      .union([z.record(z.string(), ProductSource), z.array(ProductSource)])
      .meta({ description: "products, as a map by id or as a list" }),
  })
  .meta({ description: "the product registry" });
