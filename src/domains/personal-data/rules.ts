import { type PersonalData, rowsMax } from './queries.ts';

/** The exported data, and what kind of document it is. */
export type PersonalDataDocument = {
  format: 'tenantry-personal-data/1';
  exportedAt: string;
  /** False where a list was longer than one document may hold; the newest are there. */
  isComplete: boolean;
} & PersonalData;

/** Makes the document that is handed out. */
export function toDocument(data: PersonalData, exportedAt: Date): PersonalDataDocument {
  const { memberships, sessions, apiKeys, auditEvents } = data;
  const lists = [memberships, sessions, apiKeys, auditEvents];
  return {
    format: 'tenantry-personal-data/1',
    exportedAt: exportedAt.toISOString(),
    isComplete: lists.every(({ length }) => length < rowsMax),
    ...data,
  };
}
