import { beforeAll, describe, expect, test } from 'vitest';
import { type Cast, createCast } from '../support/cast.ts';
import { describeApp } from '../support/describe-app.ts';
import {
  boundaryMetadata,
  invalidMetadata,
  listInvalidTexts,
  mutate,
  readRows,
} from '../support/mutate.ts';
import { createPerson } from '../support/people.ts';

const app = describeApp();
let cast: Cast;

beforeAll(async () => {
  cast = await createCast(app);
});

describe('updateProfile', () => {
  test('changes the given fields, clears those that are null, and keeps the rest', async () => {
    const { ask, userId: id } = await createPerson(app);
    const all = {
      name: 'Zoë 👩‍🚀',
      avatarUrl: 'https://img.example/z.png',
      locale: 'pt-BR',
      metadata: { theme: { dark: true }, tags: ['a', 1, null] },
    };
    const filled = await mutate(ask, 'updateProfile', all);
    expect(filled.value.user).toEqual({ id, ...all });
    const renamed = await mutate(ask, 'updateProfile', { name: 'Zoë' });
    expect(renamed.value.user).toEqual({ id, ...all, name: 'Zoë' });
    const nothing = await mutate(ask, 'updateProfile', {});
    expect(nothing.value.user).toEqual(renamed.value.user);
    const empty = { name: null, avatarUrl: null, locale: null, metadata: null };
    const emptied = await mutate(ask, 'updateProfile', empty);
    expect(emptied.value.user).toEqual({ id, ...empty, metadata: {} });
    const { data } = await ask('{ viewer { user { name metadata } } }');
    expect(data.viewer.user).toEqual({ name: null, metadata: {} });
  });

  test('changes the caller only: no field of its input names another user', async () => {
    const rows = await readRows(app);
    for (const field of ['id', 'userId', 'email', 'status', 'isPlatformAdmin', 'emailVerifiedAt']) {
      const { code } = await mutate(cast.member.ask, 'updateProfile', { name: 'x', [field]: 'x' });
      expect(code).toBe('BAD_USER_INPUT');
    }
    expect(await readRows(app)).toEqual(rows);
  });

  test('is rejected for anonymous callers and changes nothing', async () => {
    const rows = await readRows(app);
    const { code } = await mutate(app.ask, 'updateProfile', { name: 'Nobody' });
    expect(code).toBe('UNAUTHENTICATED');
    expect(await readRows(app)).toEqual(rows);
  });

  const invalid: [string, string, unknown][] = [
    ...listInvalidTexts(100).map(
      ([kind, value]) => ['name', kind, value] as [string, string, unknown],
    ),
    ['avatarUrl', 'over-long', `https://img.example/${'x'.repeat(2048)}`],
    ['avatarUrl', 'empty', ''],
    ['avatarUrl', 'no address', 'picture'],
    ['avatarUrl', 'of http', 'http://img.example/z.png'],
    ['avatarUrl', 'a script', 'javascript:alert(1)'],
    ['avatarUrl', 'inline data', 'data:image/png;base64,AAAA'],
    ['avatarUrl', 'with NUL', 'https://img.example/\u0000'],
    ['avatarUrl', 'with a lone surrogate', 'https://img.example/\ud800'],
    ['locale', 'over-long', `en-${'x'.repeat(40)}`],
    ['locale', 'empty', ''],
    ['locale', 'malformed', 'english please'],
    ['locale', 'with NUL', 'en\u0000'],
    ['locale', 'with a lone surrogate', 'en\ud800'],
    ...invalidMetadata.map(
      ([kind, value]) => ['metadata', kind, value] as [string, string, unknown],
    ),
  ];

  test.each(invalid)('rejects an invalid %s and changes nothing: %s', async (field, _, value) => {
    const rows = await readRows(app);
    const input = { name: 'Fine', [field]: value };
    const { code, path } = await mutate(cast.member.ask, 'updateProfile', input);
    expect([code, path]).toEqual(['BAD_USER_INPUT', [field]]);
    expect(await readRows(app)).toEqual(rows);
  });

  test('rejects a __proto__ key written into the document itself', async () => {
    const response = await cast.member.ask(`mutation { updateProfile(input: {
      metadata: { __proto__: { isAdmin: true } } }) { ... on Error { code path } } }`);
    expect(response.data.updateProfile).toEqual({ code: 'BAD_USER_INPUT', path: ['metadata'] });
  });

  test.each(boundaryMetadata)('keeps metadata that is %s unchanged', async (_, metadata) => {
    const { value } = await mutate(cast.member.ask, 'updateProfile', { metadata });
    expect(value.user.metadata).toEqual(metadata);
  });
});
