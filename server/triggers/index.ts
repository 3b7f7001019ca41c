export {
  type CompanyView,
  createTriggers,
  type EventRow,
  type Events,
  type Loop,
  type RunStarter,
  type Triggers,
  type TriggersDeps,
} from "./triggers.ts";
