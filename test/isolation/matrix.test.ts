import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schema } from '../../src/schema.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { anyone, withParent } from './matrix/access-rules.ts';
import { createExaminer, type Examiner, type Setup } from './matrix/examine.ts';
import { listExtendedInputs } from './matrix/extended-inputs.ts';
import { type FieldCase, findGaps, findMutationGaps, listFieldCases } from './matrix/generator.ts';
import { listMutations, unknownPasswords } from './matrix/mutations.ts';
import { objectFields } from './matrix/objects.ts';
import { queryFields } from './matrix/queries.ts';
import { type Run, writeReport } from './matrix/report.ts';
import { disableRowSecurity, openSnapshots } from './matrix/snapshots.ts';
import { createWorld } from './matrix/world.ts';

// The schema lists the fields, matrix/*.ts the access rules; the calls are generated. See docs/isolation.md.

const table = { ...queryFields, ...objectFields };
const mutationNames = Object.keys(listMutations(unknownPasswords));
const fieldCases = listFieldCases(schema, table).filter(({ paths }) => paths.length > 0);
/** Fields that are readable with their parent are selected with it, so the other runs skip them. */
const entryFields = fieldCases.filter(({ row, isObject }) => isObject || row.rule !== withParent);
const timeout = 180_000;

const runs: Run[] = [];
afterAll(async () => {
  const summary = await writeReport(runs);
  process.stdout.write(`\n${summary}\n\n`);
});

describe('the matrix covers the schema', () => {
  test('every field of every object type has an access rule', () => {
    expect(findGaps(schema, table)).toEqual([]);
  });

  test('every mutation has an access rule', () => {
    expect(findMutationGaps(schema, listMutations(unknownPasswords))).toEqual([]);
  });

  test('a field without a rule and a rule without a field are reported', () => {
    const { slug = anyone, ...others } = table.Tenant ?? {};
    const gaps = findGaps(schema, { ...table, Tenant: { ...others, budget: slug } });
    expect(gaps).toEqual([
      'Tenant.slug has no access rule: add it to matrix/objects.ts.',
      'Tenant.budget is no longer a field: delete its row.',
    ]);
    expect(findMutationGaps(schema, { ...listMutations(unknownPasswords), eraseAll: [] })).toEqual([
      'eraseAll is no longer a mutation: delete its row.',
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
    cases: entryFields,
    trustsDatabaseAlone: true,
    hasRowSecurity: true,
  },
  { title: 'Service checks alone', cases: entryFields, hasRowSecurity: false },
];

describe.each(modes)('$title', ({ title, cases, trustsDatabaseAlone = false, hasRowSecurity }) => {
  let app: TestApp;
  let setup: Setup;
  let examiner: Examiner;
  beforeAll(async () => {
    app = await startTestApp({}, { trustsDatabaseAlone });
    const world = await createWorld(app);
    if (!hasRowSecurity) await disableRowSecurity(app.owner);
    const snapshots = await openSnapshots(app.owner, world);
    const baseline = await snapshots.take();
    setup = { app, schema, table, world, snapshots, baseline, trustsDatabaseAlone };
    examiner = createExaminer(setup);
    runs.push({ title, records: examiner.records });
  });
  afterAll(() => app.close());

  test.each(cases)(
    '$key is shown to the callers its access rule allows, and to no others',
    { timeout },
    async (fieldCase) => {
      expect(await examiner.examineField(fieldCase)).toEqual([]);
    },
  );

  test.each(mutationNames)(
    '%s works for the callers its access rule allows, and for no others',
    { timeout },
    async (name) => {
      expect(await examiner.examineMutation(name)).toEqual([]);
    },
  );

  if (!trustsDatabaseAlone && hasRowSecurity) {
    test('every input rejects the names of columns that are not among its fields', {
      timeout,
    }, async () => {
      const inputs = await listExtendedInputs(schema, table, app.owner);
      expect(await examiner.examineInputs(inputs)).toEqual([]);
    });
  }

  if (!trustsDatabaseAlone) return;

  test('total counts include no objects of other tenants', async () => {
    const query = '{ tenants { totalCount } users { totalCount } }';
    const response = await app.ask(query, { token: setup.world.tokens.stranger });
    expect(response).toEqual({ data: { tenants: { totalCount: 0 }, users: { totalCount: 1 } } });
  });

  // Proves that the run detects a missing policy.
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
  ])('a policy on %s that allows everyone is detected by %s', { timeout }, async (lax, key) => {
    const again = createExaminer(setup);
    const names = lax.split(', ');
    for (const name of names) {
      await app.owner.query(`create policy lax on ${name} to ${app.roles.app} using (true)`);
    }
    const fieldCase = fieldCases.find((candidate) => candidate.key === key);
    const problems = await (fieldCase ? again.examineField(fieldCase) : again.examineMutation(key));
    for (const name of names) await app.owner.query(`drop policy lax on ${name}`);
    expect(problems).not.toEqual([]);
  });
});
