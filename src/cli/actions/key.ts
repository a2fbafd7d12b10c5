import { ConflictError, createNotFound } from '../../core/app-error.ts';
import type { Ctx } from '../../core/context.ts';
import type { ApiKey, Tenant, User } from '../../core/entities.ts';
import { createApiKey } from '../../domains/api-keys/service/create.ts';
import { findApiKey, listApiKeys, listPermissionsOf } from '../../domains/api-keys/service/read.ts';
import { revokeApiKey } from '../../domains/api-keys/service/revoke.ts';
import { ownersLoader, tenantLoader } from '../../domains/tenants/loaders.ts';
import { findVisibleUser } from '../../domains/users/service.ts';
import { parseIdOf } from '../../graphql/ids.ts';
import { confirm, requireConfirmation } from '../confirm.ts';
import { printList } from '../list.ts';
import { getTenant, getUser } from '../names.ts';
import { printJson, printNote, printResult } from '../output.ts';
import { readPages } from '../pages.ts';
import { clean, formatTime } from '../table.ts';
import { type KeyDetails, keyList, toKeyId, toKeyJson } from '../views/key.ts';
import { readAsOperator, withOperatorContext } from '../with-operator-context.ts';

type CreateOptions = {
  tenant: string;
  name: string;
  permission: string[];
  creator?: string;
  days?: number;
  json?: boolean;
};
type ListOptions = { tenant: string; limit?: number; json?: boolean };
type RevokeOptions = { yes?: boolean; json?: boolean };

const dayMs = 86_400_000;
const words = {
  name: '--name',
  permissions: '--permission',
  expiresAt: '--days',
  email: '--creator',
  creator: '--creator',
};

/** Creates a key and prints its secret alone on standard output. It is not shown again. */
export async function runCreate(options: CreateOptions): Promise<void> {
  const { name, permission: permissions, days, json } = options;
  const { secret, details } = await withOperatorContext(async (ctx) => {
    const tenant = await getTenant(ctx, options.tenant);
    const creator = await getCreator(ctx, tenant, options.creator);
    const expiresAt = days === undefined ? null : new Date(Date.now() + days * dayMs);
    const input = { tenantId: tenant.id, name, permissions, expiresAt, creatorId: creator.id };
    const made = await createApiKey(ctx, input);
    return { secret: made.secret, details: await readDetails(ctx, made.apiKey) };
  }, words);
  if (json) return printJson({ apiKey: toKeyJson(details), secret });
  printNote(describeNewKey(details));
  printResult(secret);
}

/** Prints the keys of a tenant, newest first, including revoked and expired ones. */
export async function runList({ tenant, limit, json }: ListOptions): Promise<void> {
  await readAsOperator(async (ctx) => {
    const { id } = await getTenant(ctx, tenant);
    const pages = readPages((page) => listApiKeys(ctx, id, page), limit);
    await printList(withDetails(ctx, pages), keyList, { json });
  });
}

/** Ends a key for good, after a yes. */
export async function runRevoke(id: string, { yes = false, json }: RevokeOptions): Promise<void> {
  requireConfirmation(yes);
  const details = await withOperatorContext(async (ctx) => {
    const apiKey = await getKey(ctx, id);
    const { name, hint, lastUsedAt } = apiKey;
    const use = lastUsedAt === null ? 'never used' : `last used ${formatTime(lastUsedAt)}`;
    await confirm(`The key "${name}" (${hint}, ${use}) stops working at once, for good.`, yes);
    return await readDetails(ctx, await revokeApiKey(ctx, apiKey));
  });
  if (json) printJson(toKeyJson(details));
  else printResult(`The key "${clean(details.apiKey.name)}" is revoked.`);
}

/** The member whose permissions limit the key: the given one, or the only owner. Throws ConflictError. */
async function getCreator(ctx: Ctx, tenant: Tenant, name: string | undefined): Promise<User> {
  if (name !== undefined) return await getUser(ctx, name);
  const [owner, ...others] = await ownersLoader(ctx).load(tenant.id);
  if (owner !== undefined && others.length === 0) return owner;
  throw new ConflictError(
    'This tenant does not have exactly one active owner: name the creator with --creator.',
  );
}

async function getKey(ctx: Ctx, id: string): Promise<ApiKey> {
  const key = parseIdOf('ApiKey', id);
  const { tenantId } = key ?? { tenantId: null };
  const found = key && tenantId !== null ? await findApiKey(ctx, { ...key, tenantId }) : null;
  if (found === null) throw createNotFound('API key');
  return found;
}

async function* withDetails(ctx: Ctx, pages: AsyncIterable<readonly ApiKey[]>) {
  for await (const keys of pages) {
    yield await Promise.all(keys.map((key) => readDetails(ctx, key)));
  }
}

async function readDetails(ctx: Ctx, apiKey: ApiKey): Promise<KeyDetails> {
  const [tenant, createdBy, effectivePermissions] = await Promise.all([
    tenantLoader(ctx).load(apiKey.tenantId),
    apiKey.createdBy === null ? null : findVisibleUser(ctx, apiKey.createdBy),
    listPermissionsOf(ctx, apiKey),
  ]);
  if (tenant === null) throw createNotFound('tenant');
  return { apiKey, tenant, createdBy, effectivePermissions };
}

function describeNewKey({ apiKey, tenant, createdBy }: KeyDetails): string {
  return (
    `The key "${clean(apiKey.name)}" of ${tenant.slug} is valid until ${formatTime(apiKey.expiresAt)} ` +
    `and limited to the permissions of ${createdBy?.email}.\n` +
    `Id: ${toKeyId(apiKey)}\nThe key, which is not shown again:`
  );
}
