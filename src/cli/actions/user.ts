import type { Ctx } from '../../core/context.ts';
import type { User, UserStatus } from '../../core/entities.ts';
import { listMembershipsOfUser } from '../../domains/memberships/service/read.ts';
import { tenantLoader } from '../../domains/tenants/loaders.ts';
import { eraseUser } from '../../domains/users/service/erase.ts';
import { reinstateUser, suspendUser } from '../../domains/users/service/suspend.ts';
import { listUsers } from '../../domains/users/service.ts';
import { toGlobalId } from '../../graphql/ids.ts';
import { confirm, requireConfirmation } from '../confirm.ts';
import { printList } from '../list.ts';
import { getUser } from '../names.ts';
import { printJson, printResult } from '../output.ts';
import { readAll, readPages } from '../pages.ts';
import { formatCount } from '../table.ts';
import {
  formatUserDetails,
  nameUser,
  toUserDetailsJson,
  toUserJson,
  type UserDetails,
  userList,
} from '../views/user.ts';
import { readAsOperator, withOperatorContext } from '../with-operator-context.ts';

type JsonOption = { json?: boolean };
type ListOptions = JsonOption & { search?: string; status?: UserStatus; limit?: number };
type ReasonOptions = JsonOption & { reason?: string };
type EraseOptions = ReasonOptions & { yes?: boolean };

const words = { email: '<user>', reason: '--reason', search: '--search' };

/** Prints all users that match, newest first. */
export async function runList({ search, status, limit, json }: ListOptions): Promise<void> {
  const filter = { search, status };
  await readAsOperator(
    (ctx) =>
      printList(
        readPages((page) => listUsers(ctx, { page, filter, order: null }), limit),
        userList,
        { json },
      ),
    words,
  );
}

/** Prints a user with their memberships. */
export async function runShow(name: string, { json }: JsonOption): Promise<void> {
  const details = await readAsOperator(
    async (ctx) => readDetails(ctx, await getUser(ctx, name)),
    words,
  );
  if (json) printJson(toUserDetailsJson(details));
  else printResult(formatUserDetails(details));
}

/** Ends all sessions of a user, who cannot sign in until reinstated. */
export async function runSuspend(name: string, { reason, json }: ReasonOptions): Promise<void> {
  const user = await withOperatorContext(
    async (ctx) => suspendUser(ctx, { userId: (await getUser(ctx, name)).id, reason }),
    words,
  );
  printUser(user, json);
}

/** Lets a suspended user sign in again. */
export async function runReinstate(name: string, { reason, json }: ReasonOptions): Promise<void> {
  const user = await withOperatorContext(
    async (ctx) => reinstateUser(ctx, { userId: (await getUser(ctx, name)).id, reason }),
    words,
  );
  printUser(user, json);
}

/** Removes a person for good, after a yes. */
export async function runErase(name: string, options: EraseOptions): Promise<void> {
  const { reason, yes = false, json } = options;
  requireConfirmation(yes);
  const user = await withOperatorContext(async (ctx) => {
    const found = await getUser(ctx, name);
    if (!yes) await confirm(describeErasure(await readDetails(ctx, found)), yes);
    await eraseUser(ctx, { userId: found.id, reason });
    return found;
  }, words);
  if (json) printJson({ erasedUserId: toGlobalId('User', user.id) });
  else printResult(`${user.email} is erased. The audit log keeps the id alone.`);
}

async function readDetails(ctx: Ctx, user: User): Promise<UserDetails> {
  const memberships = await readAll((page) => listMembershipsOfUser(ctx, user.id, page));
  const places = await Promise.all(
    memberships.map(async (membership) => {
      const tenant = await tenantLoader(ctx).load(membership.tenantId);
      return tenant === null ? [] : [{ membership, tenant }];
    }),
  );
  return { user, memberships: places.flat() };
}

function describeErasure({ user, memberships }: UserDetails): string {
  const slugs = memberships.map(({ tenant }) => tenant.slug);
  const places = slugs.length === 0 ? '' : ` in ${slugs.join(', ')}`;
  return (
    `${nameUser(user)} is erased: profile, password, sessions and ` +
    `${formatCount(slugs.length, 'membership')}${places}. This cannot be taken back.`
  );
}

function printUser(user: User, json = false): void {
  if (json) printJson(toUserJson(user));
  else printResult(`${user.email} is ${user.status}.`);
}
