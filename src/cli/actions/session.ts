import { createNotFound } from '../../core/app-error.ts';
import type { Ctx } from '../../core/context.ts';
import type { Session } from '../../core/entities.ts';
import {
  getUserOfSession,
  listSessionsOfTenant,
  listSessionsOfUser,
} from '../../domains/sessions/service/list.ts';
import { revokeSession, revokeSessions } from '../../domains/sessions/service/revoke.ts';
import { findTenantOf } from '../../domains/tenants/loaders.ts';
import { findVisibleUser } from '../../domains/users/service.ts';
import { parseIdOf } from '../../graphql/ids.ts';
import { confirm, requireConfirmation } from '../confirm.ts';
import { UsageError } from '../errors.ts';
import { printList } from '../list.ts';
import { getTenant, getUser } from '../names.ts';
import { printJson, printResult } from '../output.ts';
import { readPages } from '../pages.ts';
import { formatCount } from '../table.ts';
import { type SessionDetails, sessionList } from '../views/session.ts';
import { nameUser } from '../views/user.ts';
import { readAsOperator, withOperatorContext } from '../with-operator-context.ts';

type ListOptions = { user?: string; tenant?: string; limit?: number; json?: boolean };
type RevokeOptions = {
  user?: string | undefined;
  tenant?: string | undefined;
  yes?: boolean | undefined;
  json?: boolean | undefined;
};

const words = { email: '--user' };

/** Prints the live sessions of a user, or those bound to a tenant, newest first. */
export async function runList({ user, tenant, limit, json }: ListOptions): Promise<void> {
  if ((user === undefined) === (tenant === undefined)) {
    throw new UsageError('Say whose sessions with either --user or --tenant.');
  }
  await readAsOperator(async (ctx) => {
    const pages =
      user === undefined
        ? await readThoseOfTenant(ctx, tenant ?? '', limit)
        : await readThoseOfUser(ctx, user, limit);
    await printList(withDetails(ctx, pages), sessionList, { json });
  }, words);
}

/** Ends one session at once or, after a yes, all of a user's. */
export async function runRevoke(id: string | undefined, options: RevokeOptions): Promise<void> {
  const { user, tenant, yes = false, json } = options;
  if ((id === undefined) === (user === undefined)) {
    throw new UsageError('Name either one session by its id, or with --user whose sessions end.');
  }
  if (id !== undefined && tenant !== undefined) {
    throw new UsageError('--tenant goes with --user only.');
  }
  if (id !== undefined) return await revokeOne(id, json);
  requireConfirmation(yes);
  await revokeAll(user ?? '', { tenant, yes, json });
}

async function revokeOne(id: string, json = false): Promise<void> {
  await withOperatorContext(async (ctx) => {
    const key = parseIdOf('Session', id);
    if (key === null) throw createNotFound('session');
    await revokeSession(ctx, key);
  });
  if (json) printJson({ revokedSessionId: id });
  else printResult('The session has ended.');
}

async function revokeAll(name: string, { tenant, yes = false, json }: RevokeOptions) {
  const { email, revokedCount } = await withOperatorContext(async (ctx) => {
    const user = await getUser(ctx, name);
    const bound = tenant === undefined ? null : await getTenant(ctx, tenant);
    const which = bound === null ? '' : ` bound to ${bound.slug}`;
    await confirm(`All sessions of ${nameUser(user)}${which} end at once.`, yes);
    const input = { userId: user.id, tenantId: bound?.id ?? null };
    return { email: user.email, revokedCount: await revokeSessions(ctx, input) };
  }, words);
  if (json) printJson({ revokedCount });
  else printResult(`Ended ${formatCount(revokedCount, 'session')} of ${email}.`);
}

async function readThoseOfUser(ctx: Ctx, name: string, limit: number | undefined) {
  const { id } = await getUser(ctx, name);
  return readPages((page) => listSessionsOfUser(ctx, id, page), limit);
}

async function readThoseOfTenant(ctx: Ctx, name: string, limit: number | undefined) {
  const { id } = await getTenant(ctx, name);
  return readPages((page) => listSessionsOfTenant(ctx, id, page), limit);
}

async function* withDetails(ctx: Ctx, pages: AsyncIterable<readonly Session[]>) {
  for await (const sessions of pages) {
    yield await Promise.all(sessions.map((session) => readDetails(ctx, session)));
  }
}

async function readDetails(ctx: Ctx, session: Session): Promise<SessionDetails> {
  const { tenantId, impersonatorId } = session;
  const [user, tenant, impersonator] = await Promise.all([
    getUserOfSession(ctx, session),
    findTenantOf(ctx, tenantId),
    impersonatorId === null ? null : findVisibleUser(ctx, impersonatorId),
  ]);
  return { session, user, tenant, impersonator };
}
