import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

// Which statements go through Prisma's typed client, and which are SQL: docs/architecture.md, "Typed calls and SQL".

/** Statements of one table that stay SQL, by the function that sends them, and the reason. */
const keptRaw: Record<string, string> = {
  createUser:
    "Prisma inserts its own defaults: columns that the serving login may not set, and this process's clock",
  createRole:
    "Prisma inserts its own defaults: columns that the serving login may not set, and this process's clock",
  createPassword: "Prisma inserts its own defaults: this process's clock",
  listRoles: 'hot: inviteMembers reads the roles while the tenant is locked',
  countMembers: 'hot: part of the list of members',
  listTenants: 'hot, and half of the columns: the typed call would name each',
};

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.includes('generated'))
  .map((file) => ({ file, text: readFileSync(`src/${file}`, 'utf8') }));

const schema = readFileSync('prisma/schema.prisma', 'utf8');
const tables = Array.from(schema.matchAll(/@@map\("(\w+)"\)/g), ([, name = '']) => name);

/** The SQL of the template whose first character is at `start`, with each interpolation as `${…}`. */
function readTemplate(text: string, start: number): string {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text[at] === '{' && (depth > 0 || text[at - 1] === '$')) depth += 1;
    else if (text[at] === '}' && depth > 0) depth -= 1;
    else if (text[at] === '`' && depth === 0) return text.slice(start, at);
  }
  throw new Error('A template does not end.');
}

/** Lists of columns, by name: `${userColumns}` stands for its SQL. */
const fragments = new Map(
  sources.flatMap(({ text }) =>
    Array.from(text.matchAll(/const (\w+) = Prisma\.sql`/g), ({ 0: head, 1: name = '', index }) => [
      name,
      readTemplate(text, index + head.length),
    ]),
  ) as [string, string][],
);

const typed = sources.flatMap(({ text }) =>
  Array.from(
    text.matchAll(/\b(?:db|tx)\.\w+\.((?:find|count|create|update|delete)\w*)\(/g),
    ([, call = '']) => call,
  ),
);
const raw = sources.flatMap(({ file, text }) =>
  Array.from(text.matchAll(/\$(?:queryRaw|executeRaw)(?:<[^`]*?>)?`/g), ({ 0: head, index }) => ({
    file,
    name: [...text.slice(0, index).matchAll(/function (\w+)/g)].at(-1)?.[1] ?? '',
    sql: readTemplate(text, index + head.length).replaceAll(
      /\$\{(\w+)\}/g,
      (whole, name) => fragments.get(name) ?? whole,
    ),
  })),
);

/**
 * True for one table of the schema, plain columns and values. A function, a set, an expression, a lock, a join, or the
 * rows that a delete returns are more than the typed client can send in one statement.
 */
function isPlain(sql: string): boolean {
  const words = sql
    .replaceAll(/\$\{[^}]*\}/g, '?')
    .replaceAll('count(*)', 'count')
    .replaceAll(/(^\s*insert into \w+(?: as \w+)?|\bvalues|\band|\bor|\bwhere) \(/g, '$1 ');
  const table = /\b(?:from|into|update) (\w+)/.exec(words)?.[1] ?? '';
  return (
    tables.includes(table) &&
    !/\w\s?\(|\b(join|for|case|union|exists|with|is distinct|is not distinct)\b/.test(words) &&
    !/\bdelete\b.*\breturning\b/s.test(words)
  );
}

test('a statement of one table with plain columns is a typed call, unless it is listed with its reason', () => {
  process.stdout.write(`Prisma: ${typed.length} typed calls, ${raw.length} raw statements\n`);
  const plain = raw.filter(({ file, sql }) => file.startsWith('domains/') && isPlain(sql));
  expect(plain.map(({ name }) => name).sort()).toEqual(Object.keys(keptRaw).sort());
});

test('no call is findUnique, which Prisma merges across the scopes of several requests', () => {
  expect(typed).toContain('findFirst');
  expect(typed.filter((call) => call.startsWith('findUnique'))).toEqual([]);
});

test('no typed call inserts, since Prisma would write defaults by the clock of this process', () => {
  expect(typed.filter((call) => /^create|upsert/.test(call))).toEqual([]);
});

test.each([
  ['select u.id, u.name from users u where u.email = $1', true],
  ['select count(*)::int as count from tenants', true],
  ['update roles r set name = $1 where r.id = $1::uuid returning r.id', true],
  ['update roles r set updated_at = now() where r.id = $1::uuid', false],
  ['select host(s.ip) as ip from sessions s', false],
  ['select u.id from users u where u.id = any ($1::uuid[])', false],
  ['select u.id from users u join user_tenants m on m.user_id = u.id', false],
  ['select t.id from tenants t where t.id = $1::uuid for no key update', false],
  ['delete from sessions s where s.id = $1::uuid returning s.user_id', false],
  ['delete from sessions s where s.id = $1::uuid', true],
  ['select seconds from reserve_sign_up($1::inet)', false],
])('%j is recognised as plain: %s', (sql, expected) => {
  expect(isPlain(sql)).toBe(expected);
});
