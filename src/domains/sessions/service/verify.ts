import { authorize, findAccess } from '../../../core/access/authorize.ts';
import type { LiveSession } from '../../../core/access/live-session.ts';
import { ownersOnly, permission } from '../../../core/access/permissions.ts';
import { ForbiddenError } from '../../../core/app-error.ts';
import {
  type Ctx,
  findBoundTenantId,
  getAuthenticated,
  isPlatformAdmin,
} from '../../../core/context.ts';
import type { Session, User } from '../../../core/entities.ts';
import { userLoader } from '../../users/loaders.ts';
import { getSessionChecker } from '../check.ts';
import { hashSessionToken } from '../token.ts';

const verifySessions = permission('sessions:verify');

/** Result of a token check. Everything is empty unless the token is valid. */
export type SessionVerification = {
  isValid: boolean;
  session: Session | null;
  user: User | null;
  tenantId: string | null;
  permissions: readonly string[];
};

const invalid: SessionVerification = {
  isValid: false,
  session: null,
  user: null,
  tenantId: null,
  permissions: [],
};

export type VerifySessionInput = { token: string; tenantId: string | null };

/**
 * Checks a session token. With a tenant, it is valid only for active members, and their permissions are returned. The
 * caller needs sessions:verify in that tenant, platform administration, or the token itself.
 * @throws UnauthenticatedError, ForbiddenError
 */
export async function verifySession(
  ctx: Ctx,
  input: VerifySessionInput,
): Promise<SessionVerification> {
  const principal = getAuthenticated(ctx);
  const ownId = principal.kind === 'session' ? principal.session.id : null;
  const tenantId = input.tenantId ?? findBoundTenantId(ctx);
  const mayVerifyAny = isPlatformAdmin(ctx) || (await mayVerifyIn(ctx, tenantId));
  const found = await findSession(ctx, { token: input.token, tenantId });
  if (!mayVerifyAny && (ownId === null || found?.session.id !== ownId)) await reject(ctx, tenantId);
  if (!found || (tenantId !== null && found.access?.tenantId !== tenantId)) return invalid;
  if (
    found.session.tenantId !== null &&
    found.session.tenantId !== (tenantId ?? found.session.tenantId)
  ) {
    return invalid;
  }
  // A caller that may verify a session sees its user, even without permission to list members.
  userLoader(ctx).prime(found.user.id, found.user);
  return {
    isValid: true,
    session: found.session,
    user: found.user,
    tenantId: found.access?.tenantId ?? null,
    permissions: listGranted(found),
  };
}

/** Uses the check of the caller's own token by authentication, which did not include permissions in a tenant. */
async function findSession(
  ctx: Ctx,
  { token, tenantId }: VerifySessionInput,
): Promise<LiveSession | null> {
  const { credential } = ctx;
  if (tenantId === null && credential?.session && credential.isOf(token)) return credential.session;
  const tokenHash = hashSessionToken(token);
  return tokenHash === null
    ? null
    : await getSessionChecker(ctx.runtime).find({ tokenHash, tenantId });
}

/** Lists the session's permissions in the tenant; an impersonated owner has those of an admin. */
function listGranted({ session, access }: LiveSession): readonly string[] {
  const permissions = access?.permissions ?? [];
  if (session.impersonatorId === null) return permissions;
  return permissions.filter((name) => !ownersOnly.has(name));
}

async function mayVerifyIn(ctx: Ctx, tenantId: string | null): Promise<boolean> {
  if (tenantId === null) return false;
  const { principal } = ctx;
  // The permissions of an API key in its own tenant were loaded with the key.
  if (principal.kind === 'apiKey' && principal.apiKey.tenantId === tenantId) {
    return principal.permissions.includes(verifySessions);
  }
  const access = await findAccess(ctx, { id: tenantId });
  return access?.permissions.has(verifySessions) ?? false;
}

async function reject(ctx: Ctx, tenantId: string | null): Promise<never> {
  if (tenantId !== null) await authorize(ctx, { id: tenantId }, verifySessions);
  throw new ForbiddenError(
    'Verifying other users’ tokens requires a tenant and "sessions:verify" in it.',
  );
}
