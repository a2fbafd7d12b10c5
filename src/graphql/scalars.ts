import { GraphQLError, Kind, type ValueNode } from 'graphql';
import { InvalidInputError } from '../core/app-error.ts';
import type { JsonObject } from '../core/entities.ts';
import { builder } from './builder.ts';

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

builder.scalarType('DateTime', {
  description:
    'A point in time in RFC 3339, such as 2026-01-31T12:00:00.000Z. Responses are in UTC.',
  serialize: (value) => (value instanceof Date ? value.toISOString() : value) as unknown as Date,
  parseValue: parseDateTime,
  parseLiteral: (node) => parseDateTime(node.kind === Kind.STRING ? node.value : null),
});

builder.scalarType('JSON', {
  description:
    'Any JSON value. As input: an object of at most 16 KiB, nested at most 8 levels deep.',
  serialize: (value) => value,
  parseValue: (value) => value as JsonObject,
  parseLiteral: (node, variables) => toJson(node, variables ?? {}) as JsonObject,
});

function parseDateTime(value: unknown): Date {
  const date = typeof value === 'string' && rfc3339.test(value) ? new Date(value) : null;
  if (date === null || Number.isNaN(date.getTime())) {
    throw new GraphQLError('A DateTime must look like 2026-01-31T12:00:00Z.', {
      extensions: { code: 'BAD_USER_INPUT' },
    });
  }
  return date;
}

/** Converts a literal to the value it would have as a variable. */
function toJson(node: ValueNode, variables: Record<string, unknown>): unknown {
  switch (node.kind) {
    case Kind.NULL:
      return null;
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.LIST:
      return node.values.map((item) => toJson(item, variables));
    case Kind.OBJECT:
      return Object.fromEntries(
        node.fields.map((field) => [field.name.value, toJson(field.value, variables)]),
      );
    case Kind.VARIABLE:
      return variables[node.name.value];
    case Kind.STRING:
    case Kind.BOOLEAN:
    case Kind.ENUM:
      return node.value;
    default:
      throw new InvalidInputError('This is not a JSON value.');
  }
}
