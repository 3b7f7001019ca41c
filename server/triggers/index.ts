export {
  type CompanyView,
  createTriggers,
  type EventRow,
  type Events,
  type Loop,
  type RunStarter,
  type TriggerProblem,
  type Triggers,
  type TriggersDeps,
  type TriggerView,
} from "./triggers.ts";
