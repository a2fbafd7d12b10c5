import type { GraphQLSchema } from 'graphql';
import type { TestApp } from '../../support/app.ts';
import { call, judgeWay, readMutationVerdict, readVerdict, type WireAnswer } from './call.ts';
import { type Caller, callers, houseOf, houses } from './callers.ts';
import { buildMutation, buildQuery, type Operation } from './document.ts';
import type { ExtendedInput } from './extended-inputs.ts';
import { describeCall, findDifferences, findLeaks, withoutEcho } from './faults.ts';
import type { FieldCase, Hop } from './generator.ts';
import { listMutations } from './mutations.ts';
import type { Snapshot, Vault } from './rows.ts';
import { firstSubject, type Ids, type Target, targets, type Verdict } from './scene.ts';
import type { Case, FieldTable } from './table.ts';
import type { Entry } from './tally.ts';
import { listIds, type World } from './world.ts';

/** What a run of the matrix works with. */
export type Stage = {
  app: TestApp;
  schema: GraphQLSchema;
  table: FieldTable;
  world: World;
  vault: Vault;
  /** What the database holds before each call. */
  baseline: Snapshot;
  /** Then nothing is expected but that no tenant's data is shown or changed. */
  trustsDatabaseAlone: boolean;
};

/** Makes all calls about a field, a mutation or inputs, and returns what was wrong. */
export type Examiner = {
  entries: Entry[];
  examineField: (fieldCase: FieldCase) => Promise<string[]>;
  examineMutation: (name: string) => Promise<string[]>;
  examineInputs: (inputs: readonly ExtendedInput[]) => Promise<string[]>;
};

type Call = { caller: Caller; target: Target; ids: Ids };
/** What was wrong with an answer, and the answer itself if it is to be compared with others. */
type Outcome = { answer: WireAnswer | null; faults: string[] };

/** An examiner of one server; it keeps an entry of each call. */
export function createExaminer(stage: Stage): Examiner {
  const { schema, table, world, trustsDatabaseAlone } = stage;
  const entries: Entry[] = [];
  const mutations = listMutations(world.passwords, world.selves);
  // To the database a platform administrator is one, whatever the services check.
  const asking = callers.filter((caller) => !trustsDatabaseAlone || caller !== 'platformAdmin');

  async function send(operation: Operation, caller: Caller) {
    const answer = await call(stage.app, operation, world.tokens[caller]);
    return { answer, faults: findLeaks({ caller, operation, answer }, stage) };
  }

  /** As each caller, for each target, with all its ids; then foreign is compared with absent. */
  async function callAll(
    those: readonly Target[],
    by: readonly Caller[],
    work: (one: Call) => Promise<Outcome>,
  ): Promise<string[]> {
    const faults: string[] = [];
    for (const caller of by) {
      const answers = new Map<Target, WireAnswer>();
      for (const target of those) {
        for (const ids of listIds(world, caller, target)) {
          const outcome = await work({ caller, target, ids });
          faults.push(...outcome.faults.map((fault) => `${caller}, ${target}: ${fault}`));
          if (outcome.answer) answers.set(target, outcome.answer);
        }
      }
      faults.push(...findDifferences(caller, answers));
    }
    return faults;
  }

  async function askAlong(way: readonly Hop[], key: string, one: Call): Promise<Outcome> {
    const { caller, target, ids } = one;
    const operation = buildQuery(schema, table, way, ids);
    const { answer, faults } = await send(operation, caller);
    const verdict = readVerdict(schema, way, answer);
    const room = way.at(-1)?.row.room.name ?? '';
    entries.push({ key, room, kind: 'query', caller, target, verdict });
    const asks = way.map(({ ask }) => ask);
    // The database is told a secret token, and answers whose it is: that is the session check.
    if (trustsDatabaseAlone && asks.some((ask) => ask?.showsSecret)) {
      return { answer: null, faults: [] };
    }
    faults.push(...expectVerdict(judgeWay(way, caller, target), verdict, { operation, answer }));
    const isEchoed = trustsDatabaseAlone || asks.some((ask) => ask?.echoes);
    return { answer: isEchoed ? withoutEcho(answer, ids) : answer, faults };
  }

  async function mutate(name: string, oneCase: Case, one: Call): Promise<Outcome> {
    const { caller, target, ids } = one;
    const operation = buildMutation(schema, table, name, oneCase.input?.(ids, caller));
    const { answer, faults } = await send(operation, caller);
    const verdict = readMutationVerdict(name, answer);
    entries.push({ key: name, room: oneCase.room.name, kind: 'mutation', caller, target, verdict });
    const expected = oneCase.room.judge({ caller, target, subject: firstSubject });
    faults.push(...expectVerdict(expected, verdict, { operation, answer }));
    faults.push(...(await findChanges(caller, verdict, oneCase)));
    return {
      answer: trustsDatabaseAlone ? withoutEcho(answer, ids) : answer,
      faults: faults.map((fault) => `${oneCase.name}: ${fault}`),
    };
  }

  function expectVerdict(
    expected: Verdict,
    verdict: Verdict,
    { operation, answer }: { operation: Operation; answer: WireAnswer },
  ): string[] {
    if (trustsDatabaseAlone || verdict === expected) return [];
    return [`${expected} expected, ${verdict} came: ${describeCall(operation, answer)}`];
  }

  /** What a mutation did to tenants it had no business with; everything is put back after it. */
  async function findChanges(
    caller: Caller,
    verdict: Verdict,
    { isAboutAnybody }: Case,
  ): Promise<string[]> {
    const { vault, baseline } = stage;
    const after = await vault.take();
    const changed = houses.filter((house) => after.checksums[house] !== baseline.checksums[house]);
    const wrong = changed.filter(
      (house) => caller !== 'platformAdmin' && house !== houseOf[caller] && !isAboutAnybody,
    );
    const faults = wrong.map((house) => `changed rows of ${house}`);
    if (verdict !== 'allowed' && after.checksum !== baseline.checksum) {
      faults.push(`refused with ${verdict}, but changed something`);
    }
    if (JSON.stringify(after.rows) !== JSON.stringify(baseline.rows)) await vault.restore(baseline);
    return faults;
  }

  async function findAnyChange(): Promise<string[]> {
    const { checksum } = await stage.vault.take();
    return checksum === stage.baseline.checksum ? [] : ['something was changed'];
  }

  return {
    entries,
    async examineField({ key, ways }) {
      const faults: string[] = [];
      for (const way of ways) {
        const work = (one: Call) => askAlong(way, key, one);
        faults.push(...(await callAll(listTargets(way), asking, work)));
      }
      return [...faults, ...(await findAnyChange())];
    },
    async examineMutation(name) {
      const faults: string[] = [];
      for (const oneCase of mutations[name] ?? []) {
        const work = (one: Call) => mutate(name, oneCase, one);
        const those = asking.filter((caller) => !(oneCase.isPersonal && caller === 'bound'));
        faults.push(...(await callAll(listTargetsOf(oneCase), those, work)));
      }
      return faults;
    },
    async examineInputs(inputs) {
      const faults: string[] = [];
      // Anyone who may do most, so that nothing but the input can be what is refused.
      const caller = 'platformAdmin';
      for (const { key, column, operation } of inputs) {
        const { answer } = await send(operation, caller);
        const verdict = readRejection(answer, column);
        const rest = { kind: 'extended input', caller, target: 'own', verdict } as const;
        entries.push({ key, room: 'nobody', ...rest });
        if (verdict !== 'BAD_USER_INPUT') faults.push(describeCall(operation, answer));
      }
      return [...faults, ...(await findAnyChange())];
    },
  };
}

/** Refused as BAD_USER_INPUT, before anything ran, and because of this very key. */
function readRejection({ text }: WireAnswer, column: string): Verdict {
  const { data, errors } = JSON.parse(text);
  const isNamed = text.includes(`Field \\"${column}\\" is not defined by type`);
  return data || !isNamed ? 'allowed' : errors[0].extensions?.code;
}

function listTargets(way: readonly Hop[]): readonly Target[] {
  if (!way.some(({ ask }) => ask?.args)) return ['own'];
  const last = way.at(-1)?.ask;
  // What lies behind an object looks the same for every id that is refused.
  if (!last?.args) return ['own', 'foreign', 'absent'];
  return last.isTenantOwned ? targets : ['own', 'foreign', 'absent', 'malformed'];
}

function listTargetsOf({ input, isFixed, isTenantOwned }: Case): readonly Target[] {
  if (!input || isFixed) return ['own'];
  return isTenantOwned ? targets : ['own', 'foreign', 'absent', 'malformed'];
}
