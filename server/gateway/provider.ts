/**
 * The seven kinds of provider behind one small interface. Each library is loaded when its first call is made: they
 * cost 25 to 40 MB each, and most companies use one or two.
 */
import type { JsonObject } from "@regent/contract";
import type { ProviderConfig } from "./registry.ts";

/** The part of the AI SDK's language model (specification v4) that the gateway uses. */
export interface LanguageModel {
  doStream(options: StreamOptions): PromiseLike<{ stream: ReadableStream<StreamPart> }>;
}

export interface StreamOptions {
  prompt: PromptMessage[];
  maxOutputTokens: number;
  temperature?: number;
  responseFormat?: { type: "json"; schema: object; name: string };
  abortSignal: AbortSignal;
  providerOptions?: Record<string, JsonObject>;
}

export type PromptMessage =
  | { role: "system"; content: string }
  | { role: "user" | "assistant"; content: { type: "text"; text: string }[] };

export interface StreamPart {
  type: string;
  delta?: string;
  error?: unknown;
  finishReason?: { unified: string; raw?: string | undefined };
  usage?: {
    inputTokens: { total?: number | undefined; cacheRead?: number | undefined; cacheWrite?: number | undefined };
    outputTokens: { total?: number | undefined };
  };
}

/** Settings that only some servers know: whether a schema may be sent as strict. */
export const toProviderOptions = (strict: boolean): Record<string, JsonObject> => ({
  openai: { strictJsonSchema: strict, store: false },
  openaiCompatible: { strictJsonSchema: strict },
  mistral: { strictJsonSchema: strict },
});

export async function createModel(
  config: ProviderConfig,
  model: string,
  strict: boolean,
  fetch: typeof globalThis.fetch,
): Promise<LanguageModel> {
  const baseURL = config.baseUrl ?? undefined;
  const apiKey = config.key ?? "";
  const { headers } = config;
  const made = await make();
  return made as unknown as LanguageModel;

  async function make() {
    switch (config.type) {
      case "openai": {
        const { createOpenAI } = await import("@ai-sdk/openai");
        const openai = createOpenAI({ apiKey, fetch, headers, ...(baseURL && { baseURL }) });
        return config.api === "chat" ? openai.chat(model) : openai.responses(model);
      }
      case "anthropic": {
        const { createAnthropic } = await import("@ai-sdk/anthropic");
        return createAnthropic({ apiKey, fetch, headers, ...(baseURL && { baseURL }) })(model);
      }
      case "google": {
        const { createGoogle } = await import("@ai-sdk/google");
        return createGoogle({ apiKey, fetch, headers, ...(baseURL && { baseURL }) })(model);
      }
      case "mistral": {
        const { createMistral } = await import("@ai-sdk/mistral");
        return createMistral({ apiKey, fetch, headers, ...(baseURL && { baseURL }) })(model);
      }
      case "openrouter": {
        const { createOpenRouter } = await import("@openrouter/ai-sdk-provider");
        // strict: only then does it ask for token counts at the end of a stream.
        const openrouter = createOpenRouter({
          apiKey,
          fetch,
          headers,
          compatibility: "strict",
          ...(baseURL && { baseURL }),
        });
        return openrouter.chat(model, { structuredOutputs: { strict } });
      }
      case "ollama": {
        const { createOllama } = await import("ai-sdk-ollama");
        const ollama = createOllama({ fetch, headers, ...(baseURL && { baseURL }), ...(apiKey && { apiKey }) });
        return ollama.chat(model, { structuredOutputs: true });
      }
      case "openai-compatible": {
        const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
        const compatible = createOpenAICompatible({
          name: "openaiCompatible",
          baseURL: baseURL ?? "",
          fetch,
          headers,
          includeUsage: true,
          supportsStructuredOutputs: true,
          ...(apiKey && { apiKey }),
        });
        return compatible.chatModel(model);
      }
    }
  }
}
