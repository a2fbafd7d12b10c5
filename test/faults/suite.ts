import type { Fault } from '../support/faults/fault.ts';
import { fault as apiFrozen } from './suite/api-frozen.ts';
import { fault as apiKilled } from './suite/api-killed.ts';
import { fault as backendKilled } from './suite/backend-killed.ts';
import { fault as backendsFrozen } from './suite/backends-frozen.ts';
import { fault as clockSkew } from './suite/clock-skew.ts';
import { fault as clusterKilled } from './suite/cluster-killed.ts';
import { fault as connectionTerminated } from './suite/connection-terminated.ts';
import { fault as connectionsUsedUp } from './suite/connections-used-up.ts';
import { fault as cutAfterCommit } from './suite/cut-after-commit.ts';
import { fault as cutBeforeCommit } from './suite/cut-before-commit.ts';
import { fault as databaseDown } from './suite/database-down.ts';
import { fault as diskFull } from './suite/disk-full.ts';
import { fault as fastRestart } from './suite/fast-restart.ts';
import { fault as immediateRestart } from './suite/immediate-restart.ts';
import { fault as linkHalfOpen } from './suite/link-half-open.ts';
import { fault as linkSlow } from './suite/link-slow.ts';
import { fault as lockStorm } from './suite/lock-storm.ts';
import { fault as memoryAndFilesShort } from './suite/memory-and-files-short.ts';
import { fault as pooler } from './suite/pooler.ts';
import { fault as restoreDrill } from './suite/restore-drill.ts';
import { fault as rollingRestart } from './suite/rolling-restart.ts';
import { fault as slowLoris } from './suite/slow-loris.ts';
import { fault as timeOutStorm } from './suite/time-out-storm.ts';
import { fault as twoMigrators } from './suite/two-migrators.ts';

/** All faults by file name, in the order of the table. */
export const faults: Readonly<Record<string, Fault>> = {
  'backend-killed': backendKilled,
  'connection-terminated': connectionTerminated,
  'fast-restart': fastRestart,
  'immediate-restart': immediateRestart,
  'cluster-killed': clusterKilled,
  'database-down': databaseDown,
  'disk-full': diskFull,
  'backends-frozen': backendsFrozen,
  'lock-storm': lockStorm,
  'connections-used-up': connectionsUsedUp,
  'cut-before-commit': cutBeforeCommit,
  'cut-after-commit': cutAfterCommit,
  'link-half-open': linkHalfOpen,
  'link-slow': linkSlow,
  'time-out-storm': timeOutStorm,
  'rolling-restart': rollingRestart,
  'api-killed': apiKilled,
  'api-frozen': apiFrozen,
  'clock-skew': clockSkew,
  'slow-loris': slowLoris,
  'memory-and-files-short': memoryAndFilesShort,
  'two-migrators': twoMigrators,
  'restore-drill': restoreDrill,
  pooler,
};
