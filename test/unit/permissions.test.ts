import { expect, test } from 'vitest';
import {
  allPermissions,
  builtInRoles,
  isPermission,
  permission,
  permissionCatalogue,
} from '../../src/core/access/permissions.ts';

test('a permission outside the catalogue throws when the code is loaded', () => {
  expect(() => permission('members:raed')).toThrow('"members:raed", which is not in the catalogue');
  expect(permission('members:read')).toBe('members:read');
});

test('built-in roles grant only permissions of the catalogue', () => {
  const granted = builtInRoles.flatMap(({ permissions }) => permissions);
  expect(granted.filter((permission) => !isPermission(permission))).toEqual([]);
});

test('only the owner role has every permission, and only it may make owners', () => {
  const holders = builtInRoles.filter(({ permissions }) => permissions.includes('tenant:own'));
  expect(holders.map(({ key }) => key)).toEqual(['owner']);
  expect(holders[0]?.permissions).toEqual(allPermissions);
});

test('every permission has a title and a description', () => {
  for (const { title, description } of Object.values(permissionCatalogue)) {
    expect(title).toMatch(/^[A-Z]/);
    expect(description).toMatch(/\.$/);
  }
});
