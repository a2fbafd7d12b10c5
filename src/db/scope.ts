import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * On whose behalf a statement runs. PostgreSQL shows rows by it (row security), and decides itself,
 * in `enter_scope()`, whether the user may enter that tenant or the platform.
 */
export type Scope = {
  userId: string | null;
  tenantId: string | null;
  /** Across tenants; only ever granted to a platform administrator or an operator. */
  platform: boolean;
  /** The API key that acts with the rights of `userId`, but not as that person. */
  apiKeyId: string | null;
  /** The administrator who acts as `userId`. */
  impersonatorId: string | null;
};

/** Sees no rows at all; good only for the definer functions, which decide by their arguments. */
export const noScope: Scope = {
  userId: null,
  tenantId: null,
  platform: false,
  apiKeyId: null,
  impersonatorId: null,
};

/** Arguments of enter_scope(), in order. */
export function listScopeValues(scope: Scope): (string | null)[] {
  const { userId, tenantId, platform, apiKeyId, impersonatorId } = scope;
  return [userId, tenantId, String(platform), apiKeyId, impersonatorId];
}

const currentScope = new AsyncLocalStorage<Scope>();

/**
 * Runs `work` with every statement in `scope`. `work` must await its statements inside: Prisma's
 * promises are lazy, and one that starts after the end runs unscoped and finds nothing.
 */
export function runInScope<T>(scope: Scope, work: () => Promise<T>): Promise<T> {
  return currentScope.run(scope, work);
}

/** The scope of the statement being sent, or null where none is needed. */
export function getScope(): Scope | null {
  const scope = currentScope.getStore();
  return scope === undefined || scope === noScope ? null : scope;
}
