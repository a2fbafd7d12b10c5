import { getNamedType, isInputObjectType } from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../src/schema.ts';

/** Mutations that would create something twice if a request were repeated. */
const creating = /^(create|invite|rotate|impersonate|signUp)/;
const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
const takesKey = ({ args: [input] }: (typeof mutations)[number]) => {
  const type = input && getNamedType(input.type);
  return isInputObjectType(type) && 'idempotencyKey' in type.getFields();
};

test('every mutation that creates something takes an idempotency key', () => {
  const names = mutations.filter(({ name }) => creating.test(name));
  expect(names.map(({ name }) => name)).toEqual(expect.arrayContaining(['signUp', 'createRole']));
  expect(names.filter((mutation) => !takesKey(mutation)).map(({ name }) => name)).toEqual([]);
});
