export {
  createGateway,
  GATEWAY_LIMITS,
  type Gateway,
  type GatewayDeps,
  type GatewayLimits,
  type ModelAnswer,
  type ModelCall,
  type ModelInfo,
  type ModelMessage,
  type ModelRequest,
  type ModelTest,
} from "./gateway.ts";
export { isKnownModel } from "./registry.ts";
