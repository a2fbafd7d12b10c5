import { expect, test } from 'vitest';
import { ForbiddenError, UnavailableError } from '../../src/core/app-error.ts';
import { listErrorTypes } from '../../src/graphql/errors.ts';

test('a mutation that can fail with an error without a GraphQL type is rejected at build time', () => {
  expect(listErrorTypes([ForbiddenError])).toHaveLength(1);
  expect(() => listErrorTypes([ForbiddenError, UnavailableError])).toThrow('UnavailableError');
});
