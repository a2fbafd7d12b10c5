import { expect, test } from 'vitest';
import { findSlugViolation, proposeSlugs } from '../../../src/lib/slug.ts';

/** The first proposal. */
const slugify = (name: string) => proposeSlugs(name)[0] ?? '';

test.each([
  ['Acme Corp', 'acme-corp'],
  ['  Café  Zürich & Co. ', 'cafe-zurich-co'],
  ['Straße Øre Łódź Æsir', 'strasse-ore-lodz-aesir'],
  ['İSTANBUL', 'istanbul'],
  ['ＡＣＭＥ ４２', 'acme-42'],
  ['a__b--c..d', 'a-b-c-d'],
  ['---x1z---', 'x1z'],
])('the name %j is proposed as %s', (name, slug) => {
  expect(slugify(name)).toBe(slug);
});

test.each([
  '',
  '   ',
  'A',
  'ab',
  '山田',
  'Admin',
  'GraphQL',
  '!?',
  '\ud800',
  '0193e0a0-0000-7000-8000-000000000000',
])('a name without a valid slug, %j, gets a random one', (name) => {
  const [one, two] = [slugify(name), slugify(name)];
  expect(findSlugViolation(one)).toBeNull();
  expect(one).toMatch(/(?:^|-)[a-z0-9]{6}$/);
  expect(one).not.toBe(two);
});

test('every proposal is valid, for any name of any length', () => {
  const alphabet = ['a', 'Z', '7', ' ', '-', 'é', 'ß', '山', '😀', '\ud800', '\ufdfa', '.', '\0'];
  let seed = 1;
  for (let round = 0; round < 2_000; round += 1) {
    let name = '';
    for (let length = round % 70; length > 0; length -= 1) {
      seed = (seed * 48_271) % 0x7fffffff;
      name += alphabet[seed % alphabet.length];
    }
    for (const slug of proposeSlugs(name)) {
      expect(findSlugViolation(slug), JSON.stringify(name)).toBeNull();
    }
  }
  expect(findSlugViolation(slugify('x'.repeat(1_000_000)))).toBeNull();
  expect(slugify(`${'x'.repeat(49)} y`)).toBe('x'.repeat(49));
});

test('two unpredictable proposals follow in case the first is taken', () => {
  const [first, ...others] = proposeSlugs('Acme Corp');
  expect(first).toBe('acme-corp');
  expect(others).toHaveLength(2);
  expect(new Set([...others, ...proposeSlugs('Acme Corp').slice(1)]).size).toBe(4);
  for (const slug of others) expect(slug).toMatch(/^acme-corp-[bcdfghjkmnpqrstvwxz2-9]{6}$/);
});

test('a long name is cut between words so that the suffix fits', () => {
  const name = 'The Honourable Society of Underwater Basket Weavers of Great Yarmouth';
  const [first, second = ''] = proposeSlugs(name);
  expect(first).toBe('the-honourable-society-of-underwater-basket');
  expect(second).toMatch(/^the-honourable-society-of-underwater-basket-\w{6}$/);
  expect(second.length).toBeLessThanOrEqual(50);
  expect(proposeSlugs('x'.repeat(80)).map((slug) => slug.length)).toEqual([50, 50, 50]);
});

test('a slug has 3 to 50 characters', () => {
  expect(findSlugViolation('ab')).toBe('must have 3 to 50 characters');
  expect(findSlugViolation('abc')).toBeNull();
  expect(findSlugViolation('a'.repeat(50))).toBeNull();
  expect(findSlugViolation('a'.repeat(51))).toBe('must have 3 to 50 characters');
});

test.each(['-abc', 'abc-', 'a--b', 'xn--abc', 'Abc', 'a_b', 'a b', 'a.b', 'äbc', 'abc\n', 'аbс'])(
  '%j is not a slug',
  (slug) => {
    expect(findSlugViolation(slug)).toBe(
      'must be lower-case letters, digits and single hyphens between them',
    );
  },
);

test.each(['admin', 'api', 'www', 'graphql', 'app', 'auth', 'login', 'root', 'well-known'])(
  '%s is reserved',
  (slug) => {
    expect(findSlugViolation(slug)).toBe('must not be a reserved word');
    expect(findSlugViolation(`${slug}-co`)).toBeNull();
  },
);

test('a slug that looks like an id is rejected', () => {
  expect(findSlugViolation('0193e0a0-0000-7000-8000-000000000000')).toBe(
    'must not look like an id',
  );
});
