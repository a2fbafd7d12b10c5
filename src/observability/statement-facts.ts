/** Attributes of a statement in a trace. */
export type StatementFacts = { name: string; attributes: Record<string, string> };

const known = new Map<string, StatementFacts>();
const knownMax = 500;

/**
 * What a trace says of a statement: its text with placeholders as it was sent, never a value. Texts are
 * constant but for few, so each is taken apart once. Names are
 * https://opentelemetry.io/docs/specs/semconv/database/postgresql/
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

/** The table or function that a statement is about, which tells statements apart best. */
function findTarget(text: string): string | null {
  const call = /^select (\w+)\(/i.exec(text)?.[1];
  const outermost = dropNested(text);
  const relation = /\b(?:from|into|update)\s+((?:"?\w+"?\.)*"?\w+"?)/i.exec(outermost)?.[1];
  // Questions of many requests, each of which a function answers.
  const perQuestion = /\bcross join lateral (\w+)/i.exec(outermost)?.[1];
  const target = call ?? perQuestion ?? relation;
  return target === undefined ? null : target.replaceAll('"', '').replace(/^public\./, '');
}

/** Without what stands in brackets, such as subqueries with tables of their own. */
function dropNested(text: string): string {
  const dropped = text.replace(/\([^()]*\)/g, '');
  return dropped === text ? text : dropNested(dropped);
}
