import type pg from 'pg';
import { connect } from './connection/connect.ts';
import { findRoles, plainNames } from './roles.ts';
import {
  commentsSql,
  extensionsSql,
  functionsSql,
  grantsSql,
  othersSql,
} from './structure/functions-and-grants.ts';
import {
  columnsSql,
  constraintsSql,
  indexesSql,
  policiesSql,
  tablesSql,
  triggersSql,
} from './structure/tables.ts';

/** One part of the structure: its SQL, and the table it belongs to, if any. */
type Piece = { place: string; text: string };

const header = `-- What the database is after all migrations: schema public, printed from PostgreSQL's catalogue.
-- For reading and comparing, not for running; how it got there is in migrations/.
-- Written by \`npm run db:structure\`, and test/migrations/structure.test.ts compares.
-- "owner" stands for whichever role runs the migrations, tenantry_app and tenantry_definer for the two roles of the
-- database (docs/decisions/039).
`;

/**
 * Prints the structure of a migrated database: the content of `pg_dump --schema-only`, sorted, and independent of the
 * names of the database, its owner and its roles, and of the order of creation. Leaves out Prisma's history table,
 * objects of extensions, and what migration 000 creates on PostgreSQL 17. Function bodies in standard SQL are printed
 * as the server formats them, which may differ between major versions.
 */
export async function printStructure(ownerUrl: string): Promise<string> {
  const owner = await connect(ownerUrl, { name: 'tenantry-operator' });
  try {
    await owner.query('begin isolation level repeatable read, read only');
    // Names outside this path are printed with their schema.
    await owner.query('set local search_path = public');
    const parts = [
      header,
      await printPieces(owner, extensionsSql),
      ...(await printTables(owner)),
      await printPieces(owner, functionsSql, '\n'),
      await printPieces(owner, othersSql),
      await printPieces(owner, grantsSql),
      await printPieces(owner, commentsSql),
    ];
    const printed = parts.filter((part) => part !== '').join('\n');
    const roles = await findRoles(owner);
    return roles ? plainNames(printed, roles) : printed;
  } finally {
    await owner.end();
  }
}

/** Each table with its columns and constraints, then its indexes, policies and triggers. */
async function printTables(owner: pg.Client): Promise<string[]> {
  const tables = await listPieces(owner, tablesSql);
  const columns = await listPieces(owner, columnsSql);
  const constraints = await listPieces(owner, constraintsSql);
  const indexes = await listPieces(owner, indexesSql);
  const policies = await listPieces(owner, policiesSql);
  const triggers = await listPieces(owner, triggersSql);
  return tables.map(({ place, text: options }) => {
    const isOfTable = (piece: Piece) => piece.place === place;
    const inside = [...columns, ...constraints].filter(isOfTable).map(({ text }) => `  ${text}`);
    const after = [...indexes, ...policies, ...triggers].filter(isOfTable);
    return `create table ${place} (\n${inside.join(',\n')}\n)${options};\n${toStatements(after)}`;
  });
}

async function printPieces(owner: pg.Client, sql: string, separator = ''): Promise<string> {
  return toStatements(await listPieces(owner, sql), separator);
}

async function listPieces(owner: pg.Client, sql: string): Promise<Piece[]> {
  return (await owner.query<Piece>(sql)).rows;
}

function toStatements(pieces: readonly Piece[], separator = ''): string {
  return pieces.map(({ text }) => `${text};\n`).join(separator);
}
