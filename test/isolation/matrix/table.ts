import type { AccessRule } from './access-rules.ts';
import type { Ids, Subject } from './attempt.ts';
import type { Caller } from './callers.ts';

/** The arguments with which a field is selected. */
export type Variant = {
  name: string;
  /** Omitted if it is the same for every target; then it is called once. */
  args?: (ids: Ids) => Record<string, unknown>;
  /** Replaces the access rule of the field. */
  rule?: AccessRule;
  /** The object type, for a field that returns an interface or union. */
  returnsType?: string;
  subject?: Partial<Subject>;
  /** The arguments name an object and its tenant, so all targets apply. */
  isTenantOwned?: boolean;
  /** Fields below it are tested through another variant. */
  stopsHere?: boolean;
  /** The response repeats the ids of the request. */
  echoesIds?: boolean;
  /** The arguments contain the secret token of another user's session. */
  sendsSecret?: boolean;
};

/** A field: its access rule, and the variants in which it is selected. */
export type FieldRow = {
  rule: AccessRule;
  variants?: readonly Variant[];
  subject?: Partial<Subject>;
};

/** Every field of every object type, by type. */
export type FieldTable = Record<string, Record<string, AccessRule | FieldRow>>;

/** A mutation with an input. */
export type Case = {
  name: string;
  /** Omitted for a mutation without input. */
  input?: (ids: Ids, caller: Caller) => Record<string, unknown>;
  rule: AccessRule;
  /** The same for every target; then it is called once. */
  isFixed?: boolean;
  isTenantOwned?: boolean;
  /** Independent of the tenant of the session, so not called by `bound`. */
  isPersonal?: boolean;
  /** Anyone may call it about anyone, so its changes in other tenants are expected. */
  mayChangeAnyone?: boolean;
};

/** Every mutation, by name. */
export type MutationTable = Record<string, readonly Case[]>;

/** A table row in its long form. */
export function toFieldRow(row: AccessRule | FieldRow): FieldRow {
  return 'judge' in row ? { rule: row } : row;
}

/** The same access rule for several fields. */
export function fields(rule: AccessRule, names: string): Record<string, AccessRule> {
  return Object.fromEntries(names.split(' ').map((name) => [name, rule]));
}
