import { createHash } from 'node:crypto';

const statementNames = new Map<string, string>();
const statementNamesMax = 500;

/**
 * A name for SQL of constant text, so that it is parsed once per connection. Parameter lists, ($1, …, $n), get none:
 * every length would be another prepared statement that is never freed.
 */
export function nameStatement(sql: string): string {
  const known = statementNames.get(sql);
  if (known !== undefined) return known;
  const isUnbounded = /\bIN \(\$\d+(,\$\d+)+\)/.test(sql);
  if (isUnbounded || statementNames.size >= statementNamesMax) return '';
  const name = `t_${createHash('sha256').update(sql).digest('base64url').slice(0, 22)}`;
  statementNames.set(sql, name);
  return name;
}
