import { expect, test } from 'vitest';
import { ForbiddenError, UnavailableError } from '../../src/core/app-error.ts';
import { listErrorTypes } from '../../src/graphql/errors.ts';

test('a mutation cannot be built that may end in an error without a type', () => {
  expect(listErrorTypes([ForbiddenError])).toHaveLength(1);
  expect(() => listErrorTypes([ForbiddenError, UnavailableError])).toThrow('UnavailableError');
});
