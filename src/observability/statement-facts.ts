/** Attributes of a statement in a trace. */
export type StatementFacts = { name: string; attributes: Record<string, string> };

const known = new Map<string, StatementFacts>();
const knownMax = 500;

/**
 * Describes a statement for a trace: its text with placeholders, never a value. Most texts are constant, so results are
 * cached. Names: https://opentelemetry.io/docs/specs/semconv/database/postgresql/
 */
export function describeStatement(sql: string): StatementFacts {
  const found = known.get(sql);
  if (found !== undefined) return found;
  const text = sql.replace(/\s+/g, ' ').trim();
  const operation = (/^[a-z]+/i.exec(text)?.[0] ?? 'statement').toLowerCase();
  const target = findTarget(text);
  const name = target === null ? operation : `${operation} ${target}`;
  const facts: StatementFacts = {
    name,
    attributes: {
      'db.system.name': 'postgresql',
      'db.operation.name': operation,
      'db.query.summary': name,
      'db.query.text': text,
    },
  };
  if (known.size < knownMax) known.set(sql, facts);
  return facts;
}

/** Finds the main table or function of a statement. */
function findTarget(text: string): string | null {
  const call = /^select (\w+)\(/i.exec(text)?.[1];
  const outermost = dropNested(text);
  const relation = /\b(?:from|into|update)\s+((?:"?\w+"?\.)*"?\w+"?)/i.exec(outermost)?.[1];
  // A batch of many requests, with a function call for each.
  const perRequest = /\bcross join lateral (\w+)/i.exec(outermost)?.[1];
  const target = call ?? perRequest ?? relation;
  return target === undefined ? null : target.replaceAll('"', '').replace(/^public\./, '');
}

/** Removes everything in parentheses, such as subqueries. */
function dropNested(text: string): string {
  const dropped = text.replace(/\([^()]*\)/g, '');
  return dropped === text ? text : dropNested(dropped);
}
