import { z } from "zod";

/** A value that survives JSON without loss. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type JsonObject = { [key: string]: Json };

/** Any JSON object. It is read from JSON text, so its values need no second look. */
export const AnyJson = z.custom<Json>();
export const AnyJsonObject = z.record(z.string().max(1_000), AnyJson);
