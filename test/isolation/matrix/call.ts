import { type GraphQLSchema, getNamedType, isLeafType, isObjectType } from 'graphql';
import type { TestApp } from '../../support/app.ts';
import { post } from '../../support/credentials.ts';
import { firstSubject, type Target, type Verdict } from './attempt.ts';
import { countOwn } from './background.ts';
import type { Caller } from './callers.ts';
import type { Operation } from './document.ts';
import type { Step } from './generator.ts';
import { callStream } from './streams.ts';

/** A response as it went over the wire, and the number of statements it took. */
export type WireResponse = { status: number; text: string; statementCount: number };

/** Sends an operation over HTTP. Counts its statements, provided that no other request is running. */
export async function call(
  app: TestApp,
  operation: Operation,
  token: string | null,
): Promise<WireResponse> {
  if (operation.query.startsWith('subscription')) return await callStream(app, operation, token);
  app.statements.length = 0;
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const { status, text } = await post(app, operation, headers);
  return { status, text, statementCount: countOwn(app.statements) };
}

/** The verdict that the access rules expect: that of the first rule that denies, else allowed. */
export function judgePath(path: readonly Step[], caller: Caller, target: Target): Verdict {
  let subject = firstSubject;
  for (const { row, variant } of path) {
    const rule = variant?.rule ?? row.rule;
    const verdict = rule.judge({ caller, target, subject });
    if (verdict !== 'allowed') return verdict;
    subject = { ...subject, ...row.subject, ...variant?.subject };
  }
  return 'allowed';
}

/** The actual verdict of a query. */
export function readVerdict(
  schema: GraphQLSchema,
  path: readonly Step[],
  { text }: WireResponse,
): Verdict {
  const { data, errors } = JSON.parse(text);
  if (errors?.length) return errors[0].extensions?.code ?? 'INTERNAL';
  let value = data;
  for (const step of path) {
    const type = schema.getType(step.type);
    const field = isObjectType(type) ? type.getFields()[step.field] : undefined;
    // A scalar may be null, and a list of scalars may be empty.
    if (field && isLeafType(getNamedType(field.type))) return 'allowed';
    value = value[step.field];
    if (Array.isArray(value)) {
      if (value.length === 0) return 'empty';
      value = value[0];
    }
    if (value == null) return 'null';
  }
  return 'allowed';
}

/** The actual verdict of a mutation. */
export function readMutationVerdict(name: string, { text }: WireResponse): Verdict {
  const { data, errors } = JSON.parse(text);
  if (errors?.length) return errors[0].extensions?.code ?? 'INTERNAL';
  return data[name].code ?? 'allowed';
}
