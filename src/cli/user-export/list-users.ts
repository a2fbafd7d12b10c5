import type { Operator } from '../../db/operator.ts';

/** A row of an export, with the column names of an import. */
export type ExportedUser = {
  id: string;
  email: string;
  name: string | null;
  locale: string | null;
  avatarUrl: string | null;
  metadata: object;
  emailVerified: boolean;
  status: 'ACTIVE' | 'SUSPENDED';
  passwordHash?: string | null;
  createdAt: Date;
};

const pageRows = 5_000;

/**
 * Reads all users in pages, oldest first, from one snapshot. Memory stays constant. Throws what `onPage` and the
 * database throw.
 */
export function readUsers(
  operator: Operator,
  { hasPasswordHashes }: { hasPasswordHashes: boolean },
  onPage: (users: readonly ExportedUser[]) => Promise<void>,
): Promise<void> {
  return operator.transaction(async () => {
    await operator.query('set transaction isolation level repeatable read, read only');
    let after: string | null = null;
    do {
      const page: ExportedUser[] = await operator.query<ExportedUser>(
        `select u.id, u.email, u.name, u.locale, u.avatar_url as "avatarUrl", u.metadata,
           u.email_verified_at is not null as "emailVerified", upper(u.status) as status,
           ${hasPasswordHashes ? 'c.password_hash as "passwordHash",' : ''}
           u.created_at as "createdAt"
         from users u
         ${hasPasswordHashes ? 'left join password_credentials c on c.user_id = u.id' : ''}
         where $1::uuid is null or u.id > $1 order by u.id limit $2`,
        [after, pageRows],
      );
      if (page.length > 0) await onPage(page);
      after = page.at(-1)?.id ?? null;
    } while (after !== null);
  });
}
