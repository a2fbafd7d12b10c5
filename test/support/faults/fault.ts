import type { Measurements } from './measurements.ts';
import type { Stage, StageNeeds } from './stage.ts';

/** The ways in which a request of the load may end without success. */
export type FaultCode = 'UNAVAILABLE' | 'CONFLICT' | 'CONNECTION' | 'TIMED_OUT';

/** Expectations besides those of every fault: no write lost or done twice, no data of other tenants. */
export type Expectation = {
  /** Text for the report. */
  words: string;
  /** The codes with which requests of the load may fail. */
  codes: readonly FaultCode[];
  /** Bounds in ms, checked only on an otherwise idle machine. */
  rejectionP99MsMax?: number;
  fullRateMsMax?: number;
  errorsMax?: number;
};

export type InjectOptions = {
  /** True in tests, where a fault lasts a few seconds. */
  isQuick: boolean;
};

/** A fault that is injected into a running system under load. */
export type Fault = {
  name: string;
  needs?: StageNeeds | (() => Promise<StageNeeds>);
  /** The reason why this machine cannot inject it, or null. */
  findObstacle?: () => Promise<string | null>;
  /** Injects the fault and resolves after it, perhaps with a remark. Throws if the system misbehaves. */
  inject: (stage: Stage, options: InjectOptions) => Promise<string | undefined>;
  expectation: Expectation;
};

/** The result of one fault. */
export type FaultReport = Measurements & {
  name: string;
  words: string;
  acknowledged: number;
  lost: number;
  unacknowledged: number;
  doubled: number;
  halfWritten: number;
  foreign: number;
  rssMb: [before: number, after: number];
  sockets: [before: number, after: number];
  remark: string;
  /** Each violated expectation as text. */
  breaches: string[];
};
