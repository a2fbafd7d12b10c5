import { type GraphQLSchema, getNamedType, isLeafType, isObjectType } from 'graphql';
import type { TestApp } from '../../support/app.ts';
import { post } from '../../support/credentials.ts';
import { countOwn } from './background.ts';
import type { Caller } from './callers.ts';
import type { Operation } from './document.ts';
import type { Hop } from './generator.ts';
import { firstSubject, type Target, type Verdict } from './scene.ts';
import { callStream } from './streams.ts';

/** An answer as it went over the wire, and what it cost the database. */
export type WireAnswer = { status: number; text: string; statementCount: number };

/** Sends an operation over HTTP. The statements are its own as long as nobody else asks. */
export async function call(
  app: TestApp,
  operation: Operation,
  token: string | null,
): Promise<WireAnswer> {
  if (operation.query.startsWith('subscription')) return await callStream(app, operation, token);
  app.statements.length = 0;
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const { status, text } = await post(app, operation, headers);
  return { status, text, statementCount: countOwn(app.statements) };
}

/** How the table of rooms says that a way ends: at its end, or at the first door that is shut. */
export function judgeWay(way: readonly Hop[], caller: Caller, target: Target): Verdict {
  let subject = firstSubject;
  for (const { row, ask } of way) {
    const room = ask?.room ?? row.room;
    const verdict = room.judge({ caller, target, subject });
    if (verdict !== 'allowed') return verdict;
    subject = { ...subject, ...row.subject, ...ask?.subject };
  }
  return 'allowed';
}

/** How a query really ended. */
export function readVerdict(
  schema: GraphQLSchema,
  way: readonly Hop[],
  { text }: WireAnswer,
): Verdict {
  const { data, errors } = JSON.parse(text);
  if (errors?.length) return errors[0].extensions?.code ?? 'INTERNAL';
  let value = data;
  for (const hop of way) {
    const type = schema.getType(hop.type);
    const field = isObjectType(type) ? type.getFields()[hop.field] : undefined;
    // A plain value may well be null, or a list without anything in it.
    if (field && isLeafType(getNamedType(field.type))) return 'allowed';
    value = value[hop.field];
    if (Array.isArray(value)) {
      if (value.length === 0) return 'empty';
      value = value[0];
    }
    if (value == null) return 'null';
  }
  return 'allowed';
}

/** How a mutation really ended. */
export function readMutationVerdict(name: string, { text }: WireAnswer): Verdict {
  const { data, errors } = JSON.parse(text);
  if (errors?.length) return errors[0].extensions?.code ?? 'INTERNAL';
  return data[name].code ?? 'allowed';
}
