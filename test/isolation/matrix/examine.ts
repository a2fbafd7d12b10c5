import type { GraphQLSchema } from 'graphql';
import type { TestApp } from '../../support/app.ts';
import { firstSubject, type Ids, type Target, targets, type Verdict } from './attempt.ts';
import { call, judgePath, readMutationVerdict, readVerdict, type WireResponse } from './call.ts';
import type { CallRecord } from './call-counts.ts';
import { type Caller, callers, tenantNames, tenantOf } from './callers.ts';
import { buildMutation, buildQuery, isSelectedWithParent, type Operation } from './document.ts';
import type { ExtendedInput } from './extended-inputs.ts';
import type { FieldCase, Step } from './generator.ts';
import { describeCall, findDifferences, findLeaks, withoutEcho } from './leaks.ts';
import { listMutations } from './mutations.ts';
import type { Snapshot, Snapshots } from './snapshots.ts';
import type { Case, FieldTable } from './table.ts';
import { listIds, type World } from './world.ts';

/** The server, database and tables of one run of the matrix. */
export type Setup = {
  app: TestApp;
  schema: GraphQLSchema;
  table: FieldTable;
  world: World;
  snapshots: Snapshots;
  /** The state of the database before each call. */
  baseline: Snapshot;
  /** Verdicts are not compared; the run only checks that no tenant's data is shown or changed. */
  trustsDatabaseAlone: boolean;
};

/** Makes all calls of a field, a mutation or inputs, and returns the problems found. */
export type Examiner = {
  records: CallRecord[];
  examineField: (fieldCase: FieldCase) => Promise<string[]>;
  examineMutation: (name: string) => Promise<string[]>;
  examineInputs: (inputs: readonly ExtendedInput[]) => Promise<string[]>;
};

type Call = { caller: Caller; target: Target; ids: Ids };
/** The problems of a call, and its response if it is to be compared with others. */
type Outcome = { response: WireResponse | null; problems: string[] };

/** An examiner of one server; it records every call. */
export function createExaminer(setup: Setup): Examiner {
  const { schema, table, world, trustsDatabaseAlone } = setup;
  const records: CallRecord[] = [];
  const sharedCalls = new Map<string, { response: WireResponse; problems: string[] }>();
  const mutations = listMutations(world.passwords, world.userIds);
  // Row security alone cannot deny a platform administrator anything.
  const activeCallers = callers.filter(
    (caller) => !trustsDatabaseAlone || caller !== 'platformAdmin',
  );

  async function send(operation: Operation, caller: Caller) {
    const response = await call(setup.app, operation, world.tokens[caller]);
    return { response, problems: findLeaks({ caller, operation, response }, setup) };
  }

  /** Calls as each caller, for each target, with all its ids; then compares foreign with absent. */
  async function callAll(
    chosenTargets: readonly Target[],
    chosenCallers: readonly Caller[],
    work: (one: Call) => Promise<Outcome>,
  ): Promise<string[]> {
    const problems: string[] = [];
    for (const caller of chosenCallers) {
      const responses = new Map<Target, WireResponse>();
      for (const target of chosenTargets) {
        for (const ids of listIds(world, caller, target)) {
          const outcome = await work({ caller, target, ids });
          problems.push(...outcome.problems.map((problem) => `${caller}, ${target}: ${problem}`));
          if (outcome.response) responses.set(target, outcome.response);
        }
      }
      problems.push(...findDifferences(caller, responses));
    }
    return problems;
  }

  /**
   * Scalars that are readable with their object share one call, which selects all of them. An error at a scalar
   * itself needs a call of its own.
   */
  async function query(path: readonly Step[], { caller, ids }: Call) {
    const own = buildQuery(schema, table, path, ids);
    if (!isSelectedWithParent(schema, path))
      return { operation: own, ...(await send(own, caller)) };
    const operation = buildQuery(schema, table, path.slice(0, -1), ids);
    const key = JSON.stringify([caller, operation]);
    const sent = sharedCalls.get(key) ?? (await send(operation, caller));
    sharedCalls.set(key, sent);
    if (!hasErrorAtDepth(sent.response, path.length))
      return { operation, ...sent, problems: [...sent.problems] };
    return { operation: own, ...(await send(own, caller)) };
  }

  async function runQuery(path: readonly Step[], key: string, one: Call): Promise<Outcome> {
    const { caller, target, ids } = one;
    const { operation, response, problems } = await query(path, one);
    const verdict = readVerdict(schema, path, response);
    const rule = path.at(-1)?.row.rule.name ?? '';
    records.push({ key, rule, kind: 'query', caller, target, verdict });
    const variants = path.map(({ variant }) => variant);
    // With the secret token the database returns the owner: that is the session check itself.
    if (trustsDatabaseAlone && variants.some((variant) => variant?.sendsSecret)) {
      return { response: null, problems: [] };
    }
    problems.push(
      ...expectVerdict(judgePath(path, caller, target), verdict, { operation, response }),
    );
    const isEchoed = trustsDatabaseAlone || variants.some((variant) => variant?.echoesIds);
    return { response: isEchoed ? withoutEcho(response, ids) : response, problems };
  }

  async function runMutation(name: string, oneCase: Case, one: Call): Promise<Outcome> {
    const { caller, target, ids } = one;
    const operation = buildMutation(schema, table, name, oneCase.input?.(ids, caller));
    const { response, problems } = await send(operation, caller);
    const verdict = readMutationVerdict(name, response);
    records.push({ key: name, rule: oneCase.rule.name, kind: 'mutation', caller, target, verdict });
    const expected = oneCase.rule.judge({ caller, target, subject: firstSubject });
    problems.push(...expectVerdict(expected, verdict, { operation, response }));
    problems.push(...(await findChanges(caller, verdict, oneCase)));
    return {
      response: trustsDatabaseAlone ? withoutEcho(response, ids) : response,
      problems: problems.map((problem) => `${oneCase.name}: ${problem}`),
    };
  }

  function expectVerdict(
    expected: Verdict,
    verdict: Verdict,
    { operation, response }: { operation: Operation; response: WireResponse },
  ): string[] {
    if (trustsDatabaseAlone || verdict === expected) return [];
    return [`expected ${expected}, got ${verdict}: ${describeCall(operation, response)}`];
  }

  /** The changes to tenants that a mutation must not touch; restores the database afterwards. */
  async function findChanges(
    caller: Caller,
    verdict: Verdict,
    { mayChangeAnyone }: Case,
  ): Promise<string[]> {
    const { snapshots, baseline } = setup;
    const after = await snapshots.take();
    const changed = tenantNames.filter(
      (tenant) => after.checksums[tenant] !== baseline.checksums[tenant],
    );
    const wrong = changed.filter(
      (tenant) => caller !== 'platformAdmin' && tenant !== tenantOf[caller] && !mayChangeAnyone,
    );
    const problems = wrong.map((tenant) => `changed rows of ${tenant}`);
    if (verdict !== 'allowed' && after.checksum !== baseline.checksum) {
      problems.push(`failed with ${verdict}, but changed something`);
    }
    if (after.fullChecksum !== baseline.fullChecksum) await snapshots.restore(baseline);
    return problems;
  }

  async function findAnyChange(): Promise<string[]> {
    const { checksum } = await setup.snapshots.take();
    return checksum === setup.baseline.checksum ? [] : ['something was changed'];
  }

  return {
    records,
    async examineField({ key, paths }) {
      const problems: string[] = [];
      for (const path of paths) {
        const work = (one: Call) => runQuery(path, key, one);
        problems.push(...(await callAll(listTargets(path), activeCallers, work)));
      }
      return [...problems, ...(await findAnyChange())];
    },
    async examineMutation(name) {
      const problems: string[] = [];
      for (const oneCase of mutations[name] ?? []) {
        const work = (one: Call) => runMutation(name, oneCase, one);
        const chosen = activeCallers.filter(
          (caller) => !(oneCase.isPersonal && caller === 'bound'),
        );
        problems.push(...(await callAll(listTargetsOf(oneCase), chosen, work)));
      }
      return problems;
    },
    async examineInputs(inputs) {
      const problems: string[] = [];
      // The caller with the most permissions, so only the input can be rejected.
      const caller = 'platformAdmin';
      for (const { key, columns, operation } of inputs) {
        const { response } = await send(operation, caller);
        for (const column of columns) {
          const verdict = readRejection(response, column);
          const rest = { kind: 'extended input', caller, target: 'own', verdict } as const;
          records.push({ key, rule: 'none', ...rest });
          if (verdict !== 'BAD_USER_INPUT') problems.push(describeCall(operation, response));
        }
      }
      return [...problems, ...(await findAnyChange())];
    },
  };
}

/** Whether an error is at this depth of fields or below; list indexes do not count. */
function hasErrorAtDepth({ text }: WireResponse, depth: number): boolean {
  const errors: { path?: (string | number)[] }[] = JSON.parse(text).errors ?? [];
  return errors.some(
    ({ path = [] }) => path.filter((step) => typeof step === 'string').length >= depth,
  );
}

/** BAD_USER_INPUT if the request was rejected before it ran, because of this column; else allowed. */
function readRejection({ text }: WireResponse, column: string): Verdict {
  const { data, errors } = JSON.parse(text);
  const isNamed = text.includes(`Field \\"${column}\\" is not defined by type`);
  return data || !isNamed ? 'allowed' : errors[0].extensions?.code;
}

function listTargets(path: readonly Step[]): readonly Target[] {
  if (!path.some(({ variant }) => variant?.args)) return ['own'];
  const last = path.at(-1)?.variant;
  // Fields below an object look the same for every rejected id.
  if (!last?.args) return ['own', 'foreign', 'absent'];
  return last.isTenantOwned ? targets : ['own', 'foreign', 'absent', 'malformed'];
}

function listTargetsOf({ input, isFixed, isTenantOwned }: Case): readonly Target[] {
  if (!input || isFixed) return ['own'];
  return isTenantOwned ? targets : ['own', 'foreign', 'absent', 'malformed'];
}
