import type { Ctx } from '../../core/context.ts';
import type { Tenant, TenantStatus } from '../../core/entities.ts';
import { ownersLoader } from '../../domains/tenants/loaders.ts';
import { createTenantFor } from '../../domains/tenants/service/create-for.ts';
import * as lifeCycle from '../../domains/tenants/service/life-cycle.ts';
import * as policy from '../../domains/tenants/service/settings.ts';
import { listTenants } from '../../domains/tenants/service.ts';
import { askToType, requireConfirmation } from '../confirm.ts';
import { printList } from '../list.ts';
import { getTenant, getUser } from '../names.ts';
import { printJson, printResult } from '../output.ts';
import { readPages } from '../pages.ts';
import { formatCount } from '../table.ts';
import {
  describeState,
  formatTenantDetails,
  tenantList,
  toTenantDetailsJson,
  toTenantJson,
} from '../views/tenant.ts';
import { readAsOperator, withOperatorContext } from '../with-operator-context.ts';

type JsonOption = { json?: boolean };
type ListOptions = JsonOption & { search?: string; status?: TenantStatus; limit?: number };
type CreateOptions = JsonOption & { name: string; slug?: string; owner: string };
type DeleteOptions = JsonOption & { confirmSlug?: string; yes?: boolean };

/** Prints all tenants that match, newest first. */
export async function runList({ search, status, limit, json }: ListOptions): Promise<void> {
  const filter = { search, status };
  await readAsOperator(
    (ctx) =>
      printList(
        readPages((page) => listTenants(ctx, { page, filter, order: null }), limit),
        tenantList,
        { json },
      ),
    { search: '--search' },
  );
}

/** Prints a tenant with owners, settings, limits and usage. */
export async function runShow(name: string, { json }: JsonOption): Promise<void> {
  const details = await readAsOperator(async (ctx) => {
    const tenant = await getTenant(ctx, name);
    const { id } = tenant;
    const [owners, settings, limits, usage] = await Promise.all([
      ownersLoader(ctx).load(id),
      policy.getSettings(ctx, id),
      policy.getLimits(ctx, id),
      policy.getUsage(ctx, id),
    ]);
    return { tenant, owners, settings, limits, usage };
  });
  if (json) printJson(toTenantDetailsJson(details));
  else printResult(formatTenantDetails(details));
}

/** Creates a tenant that an existing user owns. */
export async function runCreate({ name, slug, owner, json }: CreateOptions): Promise<void> {
  const tenant = await withOperatorContext(
    async (ctx) => {
      const { id: ownerId } = await getUser(ctx, owner);
      return await createTenantFor(ctx, { name, slug, ownerId });
    },
    { name: '--name', slug: '--slug', owner: '--owner', email: '--owner' },
  );
  printTenant(tenant, json);
}

/** Suspends a tenant: all access to it is rejected from now on. */
export async function runSuspend(name: string, { json }: JsonOption): Promise<void> {
  printTenant(await changeTenant(name, lifeCycle.suspendTenant), json);
}

/** Ends a suspension. */
export async function runResume(name: string, { json }: JsonOption): Promise<void> {
  printTenant(await changeTenant(name, lifeCycle.resumeTenant), json);
}

/** Undoes a deletion within the grace period. */
export async function runRestore(name: string, { json }: JsonOption): Promise<void> {
  printTenant(await changeTenant(name, lifeCycle.restoreTenant), json);
}

/** Closes a tenant, which is erased after the grace period. The slug must be confirmed. */
export async function runDelete(name: string, options: DeleteOptions): Promise<void> {
  const { confirmSlug, yes = false, json } = options;
  requireConfirmation(yes || confirmSlug !== undefined, '--confirm-slug <slug> or --yes');
  const deleted = await withOperatorContext(
    async (ctx) => {
      const tenant = await getTenant(ctx, name);
      const typed = confirmSlug ?? (yes ? tenant.slug : await askForSlug(ctx, tenant));
      return await lifeCycle.deleteTenant(ctx, { tenantId: tenant.id, confirmSlug: typed });
    },
    { confirmSlug: confirmSlug === undefined ? 'What was typed' : '--confirm-slug' },
  );
  printTenant(deleted, json);
}

function askForSlug(ctx: Ctx, { name, slug, memberCount }: Tenant): Promise<string> {
  const days = ctx.runtime.tenantDeletionGraceDays;
  return askToType(
    `${name} (${slug}) with ${formatCount(memberCount, 'member')} is closed at once. ` +
      `After ${formatCount(days, 'day')} it is erased; until then it can be restored.`,
    `"${slug}"`,
  );
}

function changeTenant(
  name: string,
  change: (ctx: Ctx, tenantId: string) => Promise<Tenant>,
): Promise<Tenant> {
  return withOperatorContext(async (ctx) => change(ctx, (await getTenant(ctx, name)).id));
}

function printTenant(tenant: Tenant, json = false): void {
  if (json) printJson(toTenantJson(tenant));
  else printResult(`${tenant.slug} is ${describeState(tenant)}.`);
}
