import { expect, test } from 'vitest';
import { createAnonymous } from '../../src/core/access/principal.ts';
import { createByPrincipal } from '../../src/core/data/by-principal.ts';

test('a value kept for a principal is found neither for another one nor for a copy', () => {
  const names = createByPrincipal<string>();
  const others = createByPrincipal<string>();
  const principal = createAnonymous();
  names.keep(principal, 'first');
  expect(names.find(principal)).toBe('first');
  expect(others.find(principal)).toBeUndefined();
  expect(names.find(createAnonymous())).toBeUndefined();
  const copy = { ...principal };
  expect(names.find(copy)).toBeUndefined();
  names.keep(copy, 'second');
  expect(names.find(principal)).toBe('first');
});
