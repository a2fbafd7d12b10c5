import type { Db } from '../../db/database.ts';

/** Most rows of each kind in one document. */
export const rowsMax = 1_000;

/** All stored data about a user, as one document. */
export type PersonalData = {
  user: { id: string; email: string } & Record<string, unknown>;
  memberships: object[];
  sessions: object[];
  apiKeys: object[];
  auditEvents: object[];
};

/** Everything about a person: for itself, or in the platform scope; else null. */
export async function findPersonalData(tx: Db, userId: string): Promise<PersonalData | null> {
  const [row] = await tx.$queryRaw<[{ data: PersonalData | null }]>`
    select find_personal_data(${userId}::uuid, ${rowsMax}::int) as data`;
  return row.data;
}
