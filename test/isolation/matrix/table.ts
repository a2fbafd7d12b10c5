import type { Caller } from './callers.ts';
import type { Room } from './rooms.ts';
import type { Ids, Subject } from './scene.ts';

/** One way of asking a field that takes arguments. */
export type Ask = {
  name: string;
  /** Left out: the same for every target, so it is asked once. */
  args?: (ids: Ids) => Record<string, unknown>;
  /** Instead of the field's own room. */
  room?: Room;
  /** For a field that answers an interface: the type that this ask comes back with. */
  gives?: string;
  subject?: Partial<Subject>;
  /** The ids name an object and, apart from it, its tenant: all targets make sense. */
  isTenantOwned?: boolean;
  /** Tested by itself; what lies behind it is tested by another ask. */
  endsHere?: boolean;
  /** The answer repeats the id that was asked for. */
  echoes?: boolean;
  /** The arguments hold the secret token of somebody else's session. */
  showsSecret?: boolean;
};

/** A field: its room, or its room with what else must be known to ask it. */
export type FieldRow = { room: Room; asks?: readonly Ask[]; subject?: Partial<Subject> };

/** Every field of every object type, by type. */
export type FieldTable = Record<string, Record<string, Room | FieldRow>>;

/** One way of calling a mutation. */
export type Case = {
  name: string;
  /** Left out for a mutation without input. */
  input?: (ids: Ids, caller: Caller) => Record<string, unknown>;
  room: Room;
  /** The same for every target, so it is called once. */
  isFixed?: boolean;
  isTenantOwned?: boolean;
  /** About the person, whatever tenant its session is bound to: not for the bound one. */
  isPersonal?: boolean;
  /** Open to everybody about anybody: what it changes of whom it names, it is there to change. */
  isAboutAnybody?: boolean;
};

/** Every mutation, by name. */
export type MutationTable = Record<string, readonly Case[]>;

/** A row as the generator wants it. */
export function toFieldRow(row: Room | FieldRow): FieldRow {
  return 'judge' in row ? { room: row } : row;
}

/** The same room for many fields. */
export function fields(room: Room, names: string): Record<string, Room> {
  return Object.fromEntries(names.split(' ').map((name) => [name, room]));
}
