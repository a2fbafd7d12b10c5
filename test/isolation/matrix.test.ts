import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schema } from '../../src/schema.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createExaminer, type Examiner, type Stage } from './matrix/examine.ts';
import { listExtendedInputs } from './matrix/extended-inputs.ts';
import { type FieldCase, findGaps, findMutationGaps, listFieldCases } from './matrix/generator.ts';
import { listMutations, nobodysPasswords } from './matrix/mutations.ts';
import { objectFields } from './matrix/objects.ts';
import { queryFields } from './matrix/queries.ts';
import { type Run, writeReport } from './matrix/report.ts';
import { everybody, withParent } from './matrix/rooms.ts';
import { disableRowSecurity, openVault } from './matrix/rows.ts';
import { createWorld } from './matrix/world.ts';

// Machine-made: the schema says what there is, matrix/*.ts say who may have it. See docs/isolation.md.

const table = { ...queryFields, ...objectFields };
const mutationNames = Object.keys(listMutations(nobodysPasswords));
const fieldCases = listFieldCases(schema, table).filter(({ ways }) => ways.length > 0);
/** What comes with its parent is also read with it, so the other runs do not ask for it again. */
const doors = fieldCases.filter(({ row, isObject }) => isObject || row.room !== withParent);
const timeout = 180_000;

const runs: Run[] = [];
afterAll(async () => {
  const summary = await writeReport(runs);
  process.stdout.write(`\n${summary}\n\n`);
});

describe('every field has a room', () => {
  test('of each object type', () => {
    expect(findGaps(schema, table)).toEqual([]);
  });

  test('of Mutation', () => {
    expect(findMutationGaps(schema, listMutations(nobodysPasswords))).toEqual([]);
  });

  test('and one without is noticed', () => {
    const { slug = everybody, ...others } = table.Tenant ?? {};
    const gaps = findGaps(schema, { ...table, Tenant: { ...others, budget: slug } });
    expect(gaps).toEqual([
      'Tenant.slug has no room: say in matrix/objects.ts who may see it.',
      'Tenant.budget is no field any more: delete its row.',
    ]);
    expect(findMutationGaps(schema, { ...listMutations(nobodysPasswords), eraseAll: [] })).toEqual([
      'eraseAll is no mutation any more: delete its row.',
    ]);
  });
});

type Mode = {
  title: string;
  cases: FieldCase[];
  trustsDatabaseAlone?: true;
  hasRowSecurity: boolean;
};

const modes: Mode[] = [
  { title: 'Service checks and row security', cases: fieldCases, hasRowSecurity: true },
  {
    title: 'Row security alone',
    cases: doors,
    trustsDatabaseAlone: true,
    hasRowSecurity: true,
  },
  { title: 'Service checks alone', cases: doors, hasRowSecurity: false },
];

describe.each(modes)('$title', ({ title, cases, trustsDatabaseAlone = false, hasRowSecurity }) => {
  let app: TestApp;
  let stage: Stage;
  let examiner: Examiner;
  beforeAll(async () => {
    app = await startTestApp({}, { trustsDatabaseAlone });
    const world = await createWorld(app);
    if (!hasRowSecurity) await disableRowSecurity(app.owner);
    const vault = await openVault(app.owner, world);
    const baseline = await vault.take();
    stage = { app, schema, table, world, vault, baseline, trustsDatabaseAlone };
    examiner = createExaminer(stage);
    runs.push({ title, entries: examiner.entries });
  });
  afterAll(() => app.close());

  test.each(cases)('$key is shown to whom it should be', { timeout }, async (fieldCase) => {
    expect(await examiner.examineField(fieldCase)).toEqual([]);
  });

  test.each(mutationNames)(
    '%s changes what it should for whom it should',
    { timeout },
    async (name) => {
      expect(await examiner.examineMutation(name)).toEqual([]);
    },
  );

  if (!trustsDatabaseAlone && hasRowSecurity) {
    test('no input takes a column that it does not name', { timeout }, async () => {
      const inputs = await listExtendedInputs(schema, table, app.owner);
      expect(await examiner.examineInputs(inputs)).toEqual([]);
    });
  }

  if (!trustsDatabaseAlone) return;

  test('nothing of others is counted', async () => {
    const query = '{ tenants { totalCount } users { totalCount } }';
    const answer = await app.ask(query, { token: stage.world.tokens.stranger });
    expect(answer).toEqual({ data: { tenants: { totalCount: 0 }, users: { totalCount: 1 } } });
  });

  // A second lock that nobody tries to open would look just as good.
  test.each([
    ['tenants', 'TenantEdge.node'],
    ['users', 'UserEdge.node'],
    ['roles', 'Tenant.roles'],
    ['user_tenants', 'Query.node'],
    ['sessions', 'SessionEdge.node'],
    ['api_keys', 'ApiKeyEdge.node'],
    ['audit_events', 'AuditEventEdge.node'],
    ['tenants', 'updateTenant'],
    ['roles', 'updateRole'],
    ['user_tenants', 'removeMember'],
    ['sessions', 'revokeSession'],
    ['api_keys', 'revokeApiKey'],
    ['invitations', 'InvitationEdge.node'],
    ['tenants, invitations', 'revokeInvitation'],
    ['membership_roles, roles, user_tenants', 'updateMembership'],
  ])('a policy that lets everybody in is noticed: %s by %s', { timeout }, async (lax, key) => {
    const again = createExaminer(stage);
    const names = lax.split(', ');
    for (const name of names) {
      await app.owner.query(`create policy lax on ${name} to ${app.roles.app} using (true)`);
    }
    const fieldCase = fieldCases.find((candidate) => candidate.key === key);
    const faults = await (fieldCase ? again.examineField(fieldCase) : again.examineMutation(key));
    for (const name of names) await app.owner.query(`drop policy lax on ${name}`);
    expect(faults).not.toEqual([]);
  });
});
