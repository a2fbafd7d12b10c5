import type { TestApp } from './app.ts';
import type { Ask } from './cast.ts';
import { codeOf, type Outcome, pathOf } from './mutate.ts';
import { addMember, createPerson, type Person, type Team } from './people.ts';

const apiKey = `apiKey { id name hint permissions effectivePermissions createdAt expiresAt lastUsedAt
  revokedAt tenant { id } createdBy { id } }`;

const mutations = {
  createApiKey: ['CreateApiKeyInput', `secret ${apiKey}`],
  rotateApiKey: ['RotateApiKeyInput', `secret ${apiKey}`],
  revokeApiKey: ['ApiKeyIdInput', apiKey],
} as const;

/** Sends a mutation about API keys. Returns a top-level error like one of the union. */
export async function sendKey(
  ask: Ask,
  name: keyof typeof mutations,
  input: object,
): Promise<Outcome> {
  const [inputType, fields] = mutations[name];
  const success = `${name.charAt(0).toUpperCase()}${name.slice(1)}Success`;
  const { data, errors } = await ask(
    `mutation ($input: ${inputType}!) { ${name}(input: $input) {
      ... on ${success} { ${fields} } ... on Error { code path } } }`,
    { variables: { input } },
  );
  if (errors) return { code: codeOf({ errors }), path: pathOf({ errors }), value: null };
  const { code = null, path = null, ...value } = data[name];
  return { code, path, value };
}

/** A client with an API key. */
export type Program = { id: string; token: string; ask: Ask };

/** A client with a new API key of this creator. */
export async function createProgram(
  app: Pick<TestApp, 'ask'>,
  creator: Pick<Person, 'ask'>,
  { tenantId }: Pick<Team, 'tenantId'>,
  ...permissions: string[]
): Promise<Program> {
  const input = { tenantId, name: 'deploy', permissions };
  const { code, value } = await sendKey(creator.ask, 'createApiKey', input);
  if (code) throw new Error(`createApiKey failed: ${code}`);
  return toProgram(app, value);
}

/** A client with the API key in a result of createApiKey or rotateApiKey. */
export function toProgram(
  app: Pick<TestApp, 'ask'>,
  { secret, apiKey: { id } }: { secret: string; apiKey: { id: string } },
): Program {
  return {
    id,
    token: secret,
    ask: (query, options) => app.ask(query, { token: secret, ...options }),
  };
}

/** A member with a role of their own that grants exactly these permissions. */
export async function createMemberWith(
  app: TestApp,
  team: Team,
  ...permissions: string[]
): Promise<Person & { membershipId: string; roleKey: string }> {
  const person = await createPerson(app);
  const roleKey = `role-of-${person.userUuid.replaceAll('-', '').slice(0, 24)}`;
  await app.owner.query(
    `insert into roles (tenant_id, key, name, permissions) values ($1, $2, 'Role', $3)`,
    [team.tenantUuid, roleKey, permissions],
  );
  return { ...person, roleKey, membershipId: await addMember(app, team, person, roleKey) };
}

/** Whether the API accepts a key. */
export async function isKeyValid({ ask }: { ask: Ask }): Promise<boolean> {
  const { data, errors } = await ask('{ viewer { apiKey { id } } }');
  if (errors) throw new Error(JSON.stringify(errors));
  return data.viewer !== null;
}

/** The caller's permissions in a tenant, or null if the tenant is hidden from them. */
export async function listOwnPermissions(ask: Ask, tenantId: string): Promise<string[] | null> {
  const { data, errors } = await ask('query ($id: ID!) { tenant(id: $id) { viewerPermissions } }', {
    variables: { id: tenantId },
  });
  if (errors) throw new Error(JSON.stringify(errors));
  return data.tenant?.viewerPermissions ?? null;
}
