import { beforeAll, describe, expect, test } from 'vitest';
import { listStatementsOf } from '../support/app.ts';
import {
  type CallerName,
  type Cast,
  callerNames,
  createCast,
  findMembershipId,
  signInBound,
} from '../support/cast.ts';
import { describeApp } from '../support/describe-app.ts';
import { codeOf, pathOf } from '../support/mutate.ts';
import { addMember, toPublicId } from '../support/people.ts';

const app = describeApp();
let cast: Cast;
/** The id of one object of each type in the cast's tenant. */
let ids: Record<'Tenant' | 'User' | 'Membership' | 'Role' | 'Session', string>;

beforeAll(async () => {
  cast = await createCast(app);
  const { team, owner, member } = cast;
  const { data } = await owner.ask(
    `query ($id: ID!) { tenant(id: $id) { roles { id key } } viewer { session { id } } }`,
    { variables: { id: team.tenantId } },
  );
  ids = {
    Tenant: team.tenantId,
    User: member.userId,
    Membership: member.membershipId,
    Role: data.tenant.roles[0].id,
    Session: data.viewer.session.id,
  };
});

const nodeQuery = 'query ($id: ID!) { node(id: $id) { __typename id } }';
const nodesQuery = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }';

/** Returns the status and the body as they were sent. */
async function fetchText(query: string, variables: object, token: string | null) {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, text: await response.text() };
}

describe('node returns only objects that the caller can see', () => {
  const seenBy: Record<keyof typeof ids, readonly CallerName[]> = {
    Tenant: ['owner', 'admin', 'member', 'viewer', 'platformAdmin'],
    User: ['owner', 'admin', 'member', 'platformAdmin'],
    Membership: ['owner', 'admin', 'member', 'platformAdmin'],
    Role: ['owner', 'admin', 'member', 'viewer', 'platformAdmin'],
    Session: ['owner', 'platformAdmin'],
  };
  const types = Object.keys(seenBy) as (keyof typeof ids)[];
  const rows = types.flatMap((type) => callerNames.map((caller) => [type, caller] as const));

  test.each(rows)('a %s by its id, for the caller %s', async (type, caller) => {
    const id = ids[type];
    const response = await cast.as[caller](nodeQuery, { variables: { id } });
    const node = seenBy[type].includes(caller) ? { __typename: type, id } : null;
    expect(response).toEqual({ data: { node } });
  });

  test('whitespace around an id is ignored', async () => {
    const pasted = ` ${ids.Tenant}\n`;
    const { data } = await cast.owner.ask(nodeQuery, { variables: { id: pasted } });
    expect(data.node).toEqual({ __typename: 'Tenant', id: ids.Tenant });
  });

  test('every user finds themselves, their own membership and their own session', async () => {
    const { viewer } = cast;
    const { data } = await viewer.ask('{ viewer { session { id } } }');
    const own = [viewer.userId, viewer.membershipId, data.viewer.session.id];
    const response = await viewer.ask(nodesQuery, { variables: { ids: own } });
    expect(response.data.nodes.map(({ id }: { id: string }) => id)).toEqual(own);
  });

  /** Entries of the audit log are tested in audit.test.ts, invitations in invitations.test.ts. */
  const testedElsewhere = ['ApiKey', 'AuditEvent', 'Invitation'];

  test('every type that implements Node can be found by node', async () => {
    const { data } = await app.ask('{ __type(name: "Node") { possibleTypes { name } } }');
    const names = data.__type.possibleTypes.map(({ name }: { name: string }) => name);
    expect(names.sort()).toEqual([...Object.keys(ids), ...testedElsewhere].sort());
  });
});

describe('foreign, absent and malformed ids', () => {
  const someUuid = '01890000-0000-7000-8000-000000000000';

  async function listHiddenIds(): Promise<string[]> {
    const { otherTeam, team } = cast;
    const { data } = await otherTeam.owner.ask(
      `query ($id: ID!) { tenant(id: $id) { roles { id } } viewer { session { id } } }`,
      { variables: { id: otherTeam.tenantId } },
    );
    const roleUuid = data.tenant.roles[0].id.slice(5, 37);
    const foreign = [
      otherTeam.tenantId,
      otherTeam.owner.userId,
      await findMembershipId(otherTeam),
      data.tenant.roles[0].id,
      data.viewer.session.id,
      // The id of a foreign role, combined with the caller's own tenant.
      `role_${roleUuid}${team.tenantUuid.replaceAll('-', '')}`,
    ];
    const absent = [
      ...['tenant', 'user', 'session'].map((prefix) => toPublicId(prefix, someUuid)),
      ...['member', 'role'].map((prefix) => toPublicId(prefix, someUuid, team.tenantUuid)),
      ...['member', 'role'].map((prefix) => toPublicId(prefix, someUuid, someUuid)),
    ];
    const malformed = [
      '',
      'x',
      'tenant_',
      `tenant_${'g'.repeat(32)}`,
      team.tenantId.toUpperCase(),
      `${team.tenantId} 0`,
      `${team.tenantId}${team.tenantId.slice(7)}`,
      `${cast.owner.userId}${team.tenantId.slice(7)}`,
      `nobody_${team.tenantId.slice(7)}`,
      `constructor_${team.tenantId.slice(7)}`,
      team.tenantUuid,
      // The id of a membership without the id of its tenant.
      cast.member.membershipId.slice(0, 'member_'.length + 32),
      'tenant_\u0000',
      '\ud800',
      "' or 1=1 --",
      'x'.repeat(10_000),
    ];
    return [...foreign, ...absent, ...malformed];
  }

  test('return null with identical bytes', async () => {
    for (const id of await listHiddenIds()) {
      const { status, text } = await fetchText(nodeQuery, { id }, cast.owner.token);
      expect({ id, status, text }).toEqual({ id, status: 200, text: '{"data":{"node":null}}' });
    }
  });

  test('are null at their positions in nodes, and the others keep the requested order', async () => {
    const hidden = await listHiddenIds();
    const visible = Object.values(ids);
    const requested = hidden.flatMap((id, index) => [id, visible[index % visible.length] ?? '']);
    const { data } = await cast.owner.ask(nodesQuery, { variables: { ids: requested } });
    const found = data.nodes.map((node: { id: string } | null) => node?.id ?? null);
    expect(found).toEqual(requested.map((id, index) => (index % 2 === 0 ? null : id)));
  });

  test('take the same number of statements', async () => {
    const count = async (id: string) => {
      const request = () => cast.owner.ask(nodeQuery, { variables: { id } });
      return (await listStatementsOf(app, request)).length;
    };
    const { tenantId, owner } = cast.otherTeam;
    expect(await count(tenantId)).toBe(await count(toPublicId('tenant', someUuid)));
    expect(await count(owner.userId)).toBe(await count(toPublicId('user', someUuid)));
    const foreign = await findMembershipId(cast.otherTeam);
    expect(await count(foreign)).toBe(await count(toPublicId('member', someUuid, someUuid)));
  });

  test('return null from tenant, user and viewer.membership, too', async () => {
    for (const id of await listHiddenIds()) {
      const { text } = await fetchText(
        'query ($id: ID!) { tenant(id: $id) { id } user(id: $id) { id } viewer { membership(tenantId: $id) { id } } }',
        { id },
        cast.owner.token,
      );
      expect(text).toBe('{"data":{"tenant":null,"user":null,"viewer":{"membership":null}}}');
    }
  });

  test.each([
    ['updateTenant', 'tenantId', 'UpdateTenantInput'],
    ['leaveTenant', 'tenantId', 'TenantIdInput'],
    ['updateMembership', 'membershipId', 'UpdateMembershipInput'],
    ['removeMember', 'membershipId', 'MembershipIdInput'],
  ])('are rejected by %s with identical bytes', async (name, field, inputType) => {
    const query = `mutation ($input: ${inputType}!) { ${name}(input: $input) {
      ... on Error { code message path } } }`;
    const texts = new Set<string>();
    for (const id of await listHiddenIds()) {
      const { text } = await fetchText(query, { input: { [field]: id } }, cast.owner.token);
      texts.add(text);
    }
    expect([...texts]).toEqual([expect.stringContaining('"code":"NOT_FOUND"')]);
  });
});

describe('nodes', () => {
  test('returns a node for each of 100 ids, even when they are the same', async () => {
    const requested = Array.from({ length: 100 }, () => ids.User);
    const { data } = await cast.owner.ask(nodesQuery, { variables: { ids: requested } });
    expect(data.nodes.map(({ id }: { id: string }) => id)).toEqual(requested);
  });

  test('takes no more statements for 100 ids than for one', async () => {
    const unknown = Array.from(
      { length: 100 },
      (_, index) => `01890000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    );
    const { tenantUuid } = cast.team;
    for (const prefix of ['tenant', 'user', 'member', 'role']) {
      const isOwned = prefix === 'member' || prefix === 'role';
      const requested = unknown.map((id) => toPublicId(prefix, id, isOwned ? tenantUuid : ''));
      const count = async (ids: string[]) => {
        const request = () => cast.owner.ask(nodesQuery, { variables: { ids } });
        return (await listStatementsOf(app, request)).length;
      };
      expect(await count(requested)).toBe(await count(requested.slice(0, 1)));
    }
  });

  test('rejects more than 100 ids', async () => {
    const requested = Array.from({ length: 101 }, () => ids.User);
    const response = await cast.owner.ask(nodesQuery, { variables: { ids: requested } });
    expect(codeOf(response)).toBe('BAD_USER_INPUT');
    expect(pathOf(response)).toEqual(['ids']);
  });

  test('returns an empty list for an empty list', async () => {
    expect(await app.ask(nodesQuery, { variables: { ids: [] } })).toEqual({ data: { nodes: [] } });
  });
});

test('a session bound to one tenant finds only objects of that tenant', async () => {
  const { team, otherTeam, owner } = cast;
  const elsewhere = await addMember(app, otherTeam, owner, 'owner');
  const requested = [
    team.tenantId,
    ids.Membership,
    ids.Role,
    otherTeam.tenantId,
    elsewhere,
    otherTeam.owner.userId,
  ];
  const unbound = await owner.ask(nodesQuery, { variables: { ids: requested } });
  expect(unbound.data.nodes).not.toContain(null);
  const ask = await signInBound(app, owner, team.slug);
  const bound = await ask(nodesQuery, { variables: { ids: requested } });
  expect(bound.data.nodes.map((node: object | null) => node !== null)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
