import { expect, test } from 'vitest';
import { ForbiddenError, LimitReachedError } from '../../src/core/app-error.ts';
import { listErrorTypes } from '../../src/graphql/errors.ts';

test('a mutation cannot be built that may end in an error without a type', () => {
  expect(listErrorTypes([ForbiddenError])).toHaveLength(1);
  expect(() => listErrorTypes([ForbiddenError, LimitReachedError])).toThrow('LimitReachedError');
});
