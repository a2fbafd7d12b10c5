import { findUngrantable, requireGrantable } from '../../core/access/grants.ts';
import {
  type AppError,
  ConflictError,
  ForbiddenError,
  InvalidInputError,
  LimitReachedError,
} from '../../core/app-error.ts';
import type { Invitation, Role } from '../../core/entities.ts';
import { checkEmail } from '../../core/input.ts';
import { findRolesByKey, rolesPerMemberMax } from '../roles/rules.ts';
import { isEmailAllowed, type TenantSettings } from '../tenants/rules.ts';

/** Pure decisions about who may be invited, and to what; nothing here touches the database. */

/** Most people of one call. */
export const invitationsPerCallMax = 100;

/** One line of a call that invites many. */
export type InvitationInput = { email: string; roleKeys: readonly string[] };

/** A line that may become an invitation: address in canonical form, and the roles it gives. */
export type Draft = { index: number; email: string; roles: readonly Role[] };

/** A line that came to nothing, and why; the error names its field. */
export type RefusedLine = { index: number; email: string; error: AppError };

/** Rules of the tenant and permissions of the caller, read while the tenant is locked. */
export type Terms = {
  rights: ReadonlySet<string>;
  roles: readonly Role[];
  settings: TenantSettings;
};

/**
 * Reads the lines of a call, each for itself. A line whose address stands in an earlier one is
 * refused, whether or not that one is good: which of both was meant, nobody can tell.
 */
export function readLines(
  lines: readonly InvitationInput[],
  terms: Terms,
): { drafts: Draft[]; refused: RefusedLine[] } {
  const seen = new Set<string>();
  const drafts: Draft[] = [];
  const refused: RefusedLine[] = [];
  for (const [index, line] of lines.entries()) {
    const result = readLine(line, index, { ...terms, seen });
    if ('error' in result) refused.push(result);
    else drafts.push(result);
  }
  return { drafts, refused };
}

function readLine(
  line: InvitationInput,
  index: number,
  terms: Terms & { seen: Set<string> },
): Draft | RefusedLine {
  let { email } = line;
  try {
    email = checkEmail('email', line.email);
    if (terms.seen.has(email)) {
      throw new ConflictError('This address is already in the list.', ['email']);
    }
    terms.seen.add(email);
    if (!isEmailAllowed(terms.settings, email)) {
      throw new InvalidInputError('This tenant does not accept addresses from this domain.', [
        'email',
      ]);
    }
    return { index, email, roles: pickRoles(line.roleKeys, terms) };
  } catch (error) {
    if (!isFieldRejection(error)) throw error;
    return { index, email, error: inLine(error, index) };
  }
}

type FieldRejection = InvalidInputError | ConflictError | ForbiddenError;

function isFieldRejection(error: unknown): error is FieldRejection {
  return [InvalidInputError, ConflictError, ForbiddenError].some((kind) => error instanceof kind);
}

/** The same error, naming the field from the top of the input. */
function inLine(error: FieldRejection, index: number): FieldRejection {
  const kind = error.constructor as new (
    message: string,
    path: readonly string[],
  ) => FieldRejection;
  return new kind(error.message, pathOf(index, error.inputPath?.[0] ?? 'email'));
}

export function pathOf(index: number, field: string): string[] {
  return ['invitations', String(index), field];
}

/** The roles with these keys; the tenant's default role for none. */
function pickRoles(keys: readonly string[], { roles, settings, rights }: Terms): Role[] {
  if (keys.length > rolesPerMemberMax) {
    throw new InvalidInputError(`A member can have at most ${rolesPerMemberMax} roles.`, [
      'roleKeys',
    ]);
  }
  const picked = findRolesByKey(roles, keys.length === 0 ? [settings.defaultRoleKey] : keys);
  requireGrantable(rights, picked, ['roleKeys']);
  return picked;
}

/** True where the caller has all that the invitation gives, and may therefore touch it. */
export function mayTouch(
  rights: ReadonlySet<string>,
  invitation: Pick<Invitation, 'roles'>,
): boolean {
  return findUngrantable(rights, invitation.roles) === null;
}

/** Existing members and invitations among the addresses, and the remaining capacity. */
export type Present = {
  rights: ReadonlySet<string>;
  memberEmails: readonly string[];
  pending: readonly Invitation[];
  room: number;
  membersMax: number;
};

/** Of the drafts, those that meet nobody and nothing that stands in their way, while there is room. */
export function findPlaces(
  drafts: readonly Draft[],
  present: Present,
): { placed: Draft[]; refused: RefusedLine[] } {
  const placed: Draft[] = [];
  const refused: RefusedLine[] = [];
  let { room } = present;
  for (const draft of drafts) {
    const former = present.pending.find(({ email }) => email === draft.email);
    // One that has not expired keeps its place.
    const takesRoom = former?.status !== 'pending';
    const error = findObstacle(draft, former, { ...present, room: takesRoom ? room : 1 });
    if (error) {
      refused.push({ index: draft.index, email: draft.email, error });
      continue;
    }
    placed.push(draft);
    if (takesRoom) room -= 1;
  }
  return { placed, refused };
}

function findObstacle(
  { index, email }: Draft,
  former: Invitation | undefined,
  { rights, memberEmails, room, membersMax }: Present,
): AppError | null {
  const path = pathOf(index, 'email');
  if (memberEmails.includes(email)) {
    return new ConflictError('This user is already a member of the tenant.', path);
  }
  if (former && !mayTouch(rights, former)) {
    return new ForbiddenError('A pending invitation already grants roles beyond your own.', path);
  }
  return room < 1 ? createFull(membersMax, path) : null;
}

/** No place is left: those of members and of pending invitations are all taken. */
export function createFull(membersMax: number, path: string[] | null = null): LimitReachedError {
  return new LimitReachedError(
    `This tenant can have at most ${membersMax} members, including invited ones.`,
    path,
  );
}
