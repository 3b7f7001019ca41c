export {
  ApiError,
  type CallOptions,
  type Client,
  type ClientOptions,
  createClient,
  type StreamMessage,
} from "./client.ts";
