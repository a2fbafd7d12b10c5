import type { Figures } from './figures.ts';
import type { Stage, StageNeeds } from './stage.ts';

/** The ways in which a request of the load may end without success. */
export type FaultCode = 'UNAVAILABLE' | 'CONFLICT' | 'CONNECTION' | 'TIMED_OUT';

/** What must hold, beside what always must: nothing lost, nothing doubled, nothing of other tenants. */
export type Expectation = {
  /** In words, for the table. */
  words: string;
  /** With what the load's requests may fail; empty where nothing may. */
  codes: readonly FaultCode[];
  /** Bounds in ms, judged where the machine has nothing else to do. */
  rejectionP99MsMax?: number;
  fullRateMsMax?: number;
  errorsMax?: number;
};

/** What a fault does with the stage, and how hard. */
export type InjectOptions = {
  /** In a test a few seconds must do. */
  isQuick: boolean;
};

/** A fault that really happens to a running system under load. */
export type Fault = {
  name: string;
  needs?: StageNeeds | (() => Promise<StageNeeds>);
  /** Why it cannot be had on this machine, or null. */
  findObstacle?: () => Promise<string | null>;
  /** Makes it happen, and resolves when it is over. Throws where the system misbehaves; may answer a remark. */
  inject: (stage: Stage, options: InjectOptions) => Promise<string | undefined>;
  expectation: Expectation;
};

/** What was found out about one fault. */
export type FaultReport = Figures & {
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
  /** What did not hold, in words. */
  breaches: string[];
};
