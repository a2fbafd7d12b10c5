import { expect, test } from 'vitest';
import {
  allPermissions,
  builtInRoles,
  isPermission,
  permission,
  permissionCatalogue,
} from '../../src/core/access/permissions.ts';

test('code that asks for a permission outside the catalogue does not load', () => {
  expect(() => permission('members:raed')).toThrow('"members:raed", which is not in the catalogue');
  expect(permission('members:read')).toBe('members:read');
});

test('built-in roles give nothing that is not in the catalogue', () => {
  const given = builtInRoles.flatMap(({ permissions }) => permissions);
  expect(given.filter((permission) => !isPermission(permission))).toEqual([]);
});

test('the owner holds everything, and only the owner makes owners', () => {
  const holders = builtInRoles.filter(({ permissions }) => permissions.includes('tenant:own'));
  expect(holders.map(({ key }) => key)).toEqual(['owner']);
  expect(holders[0]?.permissions).toEqual(allPermissions);
});

test('every permission is explained to people', () => {
  for (const { title, description } of Object.values(permissionCatalogue)) {
    expect(title).toMatch(/^[A-Z]/);
    expect(description).toMatch(/\.$/);
  }
});
