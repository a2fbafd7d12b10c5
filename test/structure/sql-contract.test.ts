import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { builtInRoles, permissionCatalogue } from '../../src/core/access/permissions.ts';
import { auditActions } from '../../src/core/audit.ts';
import { invitationStatuses, tenantStatuses, userStatuses } from '../../src/core/entities.ts';
import { settlementOutcomes } from '../../src/domains/invitations/queries/addressee.ts';
import { expiredKinds } from '../../src/domains/maintenance/queries.ts';
import { roleKeyPattern } from '../../src/domains/roles/rules.ts';
import { tenantTransitions } from '../../src/domains/tenants/queries/life-cycle.ts';
import { defaultSettings } from '../../src/domains/tenants/rules.ts';
import { slugPattern } from '../../src/lib/slug.ts';

// Constants that SQL and TypeScript both use. Neither language can import the other's, so they are compared here.

const readFunction = (name: string) =>
  readFileSync(`migrations/functions/${name}.sql`, 'utf8').replaceAll(/--.*$/gm, '');
const functions = readdirSync('migrations/functions').map((file) =>
  readFunction(file.slice(0, -4)),
);
const tables = readFileSync('migrations/001_core_schema/migration.sql', 'utf8');

/** The distinct first groups of all matches, sorted. */
function collect(pattern: RegExp, texts: readonly string[] = functions): string[] {
  const found = texts.flatMap((text) => [...text.matchAll(pattern)].map(([, word = '']) => word));
  return [...new Set(found)].sort();
}

/** The words of `constraint <name> check (… in ('a', 'b'))`. */
function readCheck(constraint: string): string[] {
  const list = new RegExp(`constraint ${constraint} check \\(\\w+ in \\(([^)]*)\\)`).exec(
    tables,
  )?.[1];
  return collect(/'(\w+)'/g, [list ?? '']);
}

const readPattern = (constraint: string) =>
  new RegExp(`constraint ${constraint} check \\(\\w+ ~ '([^']*)'`).exec(tables)?.[1];

test('every permission in a database function is in the catalogue', () => {
  const named = collect(/'([a-z-]+:[a-z-]+)'(?:::text)?(?: = any| <@)/g);
  expect(named).toContain('members:read');
  expect(named.filter((name) => !Object.hasOwn(permissionCatalogue, name))).toEqual([]);
});

test('every role in a database function is a built-in role', () => {
  const named = collect(/\br?\.?key = '(\w+)'/g);
  expect(named).toContain('owner');
  const keys = builtInRoles.map(({ key }) => key);
  expect(named.filter((name) => !keys.includes(name))).toEqual([]);
});

test.each([
  ['users_status_known', userStatuses],
  ['tenants_status_known', tenantStatuses],
  ['invitations_status_known', invitationStatuses],
])('the check %s allows exactly the statuses of the server', (constraint, statuses) => {
  expect(readCheck(constraint)).toEqual(statuses.toSorted());
});

test('the server handles exactly the outcomes of accept_invitation() and decline_invitation()', () => {
  const returned = ['accept_invitation', 'decline_invitation'].flatMap((name) =>
    collect(/(?:then|else|query select) '(\w+)'/g, [readFunction(name)]),
  );
  // Both functions return the status of an inactive tenant.
  const statuses = tenantStatuses.filter((status) => status !== 'active');
  expect([...new Set([...returned, ...statuses])].sort()).toEqual(settlementOutcomes.toSorted());
});

test('the server has exactly the transitions of change_tenant_status()', () => {
  const transitions = collect(/^\s+when '(\w+)' then t\.status/gm, [
    readFunction('change_tenant_status'),
  ]);
  expect(transitions).toEqual(tenantTransitions.toSorted());
});

test('delete_expired_data() returns every kind of expired data', () => {
  const returned = collect(/'([a-zA-Z]+)'/g, [readFunction('delete_expired_data')]);
  expect(returned).toEqual(expect.arrayContaining([...expiredKinds]));
});

test('the database stores exactly the settings of a tenant', () => {
  const list = /settings - array\[([^\]]*)\]/.exec(tables)?.[1] ?? '';
  expect(collect(/'(\w+)'/g, [list])).toEqual(Object.keys(defaultSettings).sort());
});

test('role keys and slugs have the same pattern in SQL and TypeScript', () => {
  expect(readPattern('roles_key_form')).toBe(roleKeyPattern.source);
  // The SQL has plain groups in place of non-capturing ones.
  expect(readPattern('tenants_slug_form')).toBe(slugPattern.source.replaceAll('(?:', '('));
});

test('every audit action that a database function records is known to the server', () => {
  const recorded = collect(/append_audit_event\([^;]*?'([a-z_]+\.[a-z_]+)'/g);
  expect(recorded).toContain('session.opened');
  // Recorded by the database alone.
  const byDatabase = ['tenant.erased'];
  const known: readonly string[] = [...auditActions, ...byDatabase];
  expect(recorded.filter((action) => !known.includes(action))).toEqual([]);
});
