import type { AuditAction } from '../../core/audit.ts';
import type { Operator } from '../../db/operator.ts';
import { type PersonalData, rowsMax } from '../../domains/personal-data/queries.ts';
import { type PersonalDataDocument, toDocument } from '../../domains/personal-data/rules.ts';
import { CommandError } from '../errors.ts';

const action: AuditAction = 'user.data_exported';

/**
 * All data of the user with this canonical address, as in `exportUserData`. Records the export in the user's audit log.
 * Throws CommandError if there is no such user.
 */
export function exportPerson(operator: Operator, email: string): Promise<PersonalDataDocument> {
  return operator.transaction(async () => {
    await operator.query('select enter_scope(null, null, true)::text');
    const [found] = await operator.query<{ id: string; data: PersonalData }>(
      `select u.id, find_personal_data(u.id, $2) as data from users u where u.email = $1`,
      [email, rowsMax],
    );
    if (!found) throw new CommandError(`There is no user ${email}.`);
    await operator.query(
      `select append_audit_event(null, $1, $2, 'User', $1, '{}', null, null)::text`,
      [found.id, action],
    );
    return toDocument(found.data, new Date());
  });
}
