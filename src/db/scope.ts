import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The caller that a statement runs for. Row security depends on it, and `enter_scope()` in PostgreSQL decides whether
 * the user may enter that tenant or the platform.
 */
export type Scope = {
  userId: string | null;
  tenantId: string | null;
  /** Across tenants; granted to platform administrators and operators only. */
  platform: boolean;
  /** The API key that acts with the permissions of `userId`, but not as that user. */
  apiKeyId: string | null;
  /** The administrator who acts as `userId`. */
  impersonatorId: string | null;
};

/** Sees no rows. For definer functions, which decide by their arguments. */
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
 * Runs every statement of `work` in `scope`. `work` must await its statements: Prisma's promises are lazy, and a
 * statement that starts later runs without a scope and finds nothing.
 */
export function runInScope<T>(scope: Scope, work: () => Promise<T>): Promise<T> {
  return currentScope.run(scope, work);
}

/** The scope of the statement being sent, or null if it needs none. */
export function getScope(): Scope | null {
  const scope = currentScope.getStore();
  return scope === undefined || scope === noScope ? null : scope;
}
