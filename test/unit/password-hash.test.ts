import { expect, test } from 'vitest';
import { findPasswordHashViolation, parsePasswordHash } from '../../src/core/passwords/hash.ts';

// Test vectors of the schemes' authors: phc-winner-argon2's test.c, RFC 7914 section 12, and
// crypt_blowfish's wrapper.c.
const argon2id19 =
  '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4';
const argon2i19 =
  '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8';
const argon2i16 = '$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY';
const argon2Lanes =
  '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc';
const scryptRfc =
  '$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA';
const bcryptA = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
const bcryptY = '$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
const bcryptB = '$2b$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a';

test.each([
  ['argon2id', argon2id19, 'password'],
  ['argon2i', argon2i19, 'password'],
  ['argon2i of version 0x10', argon2i16, 'password'],
  ['argon2id with two lanes', argon2Lanes, 'password'],
  ['scrypt', scryptRfc, 'password'],
  ['bcrypt $2a$', bcryptA, 'U*U'],
  ['bcrypt $2y$', bcryptY, 'U*U'],
  ['bcrypt $2b$', bcryptB, 'U*U*U'],
])('the reference hash of %s matches its password and no other', async (_, text, password) => {
  const hash = parsePasswordHash(text);
  expect(await hash?.matches(password)).toBe(true);
  expect(await hash?.matches(`${password}!`)).toBe(false);
  expect(await hash?.matches('')).toBe(false);
  expect(findPasswordHashViolation(text)).toBeNull();
});

test('only argon2id of version 0x13 with one lane and 32 bytes counts as a hash of this service', () => {
  expect(parsePasswordHash(argon2id19)?.own).toEqual({ memoryKib: 256, iterations: 2 });
  for (const other of [argon2i19, argon2i16, argon2Lanes, scryptRfc, bcryptA]) {
    expect(parsePasswordHash(other)?.own).toBeNull();
  }
});

test.each([
  ['nothing', ''],
  ['a plain password', 'correct horse battery staple'],
  ['MD5', '$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/'],
  ['SHA-512 crypt', `$6$saltsalt$${'x'.repeat(86)}`],
  ['PBKDF2', '$pbkdf2-sha256$29000$c2FsdA$aGFzaA'],
  ['bcrypt $2x$', bcryptA.replace('$2a', '$2x')],
  ['bcrypt cut short', bcryptA.slice(0, -1)],
  ['bcrypt with text behind it', `${bcryptA}x`],
  ['bcrypt with a sign in its cost', bcryptA.replace('$05', '$+5')],
  ['argon2 cut short', argon2id19.slice(0, -1)],
  ['argon2 with padding', `${argon2id19}=`],
  ['argon2 with the secret of another system', argon2id19.replace('p=1', 'p=1,keyid=AAAA')],
  ['argon2 with no lanes', argon2id19.replace('p=1', 'p=0')],
  ['argon2 of three bytes', argon2id19.replace(/[^$]*$/, 'YWFh')],
  ['argon2 of over 600 characters', argon2id19 + 'A'.repeat(600)],
  ['argon2 of an unknown kind', argon2id19.replace('argon2id', 'argon2x')],
  ['scrypt without its salt', '$scrypt$ln=10,r=8,p=1$$/bq+HJ00cgB4VucZDQHp/g'],
  ['scrypt with no blocks', scryptRfc.replace('r=8', 'r=0')],
  ['scrypt in a second spelling', '$scrypt$ln=10,r=8,p=1$TmFDbB$/bq+HJ00cgB4VucZDQHp/g'],
])('%s is rejected as malformed', (_, text) => {
  expect(parsePasswordHash(text)).toBeNull();
  expect(findPasswordHashViolation(text)).toMatch(/^must be a well-formed/);
});

test.each([
  [
    'argon2 memory',
    argon2id19.replace('m=256', 'm=262145'),
    argon2id19.replace('m=256', 'm=262144'),
  ],
  ['argon2 passes', argon2id19.replace('m=256,t=2', 'm=262144,t=5'), argon2id19],
  ['argon2 memory beyond any machine', argon2id19.replace('m=256', 'm=4294967295'), argon2id19],
  ['argon2 lanes', argon2id19.replace('m=256,t=2,p=1', 'm=1024,t=2,p=65'), argon2Lanes],
  ['scrypt memory', scryptRfc.replace('ln=10', 'ln=19'), scryptRfc.replace('p=16', 'p=64')],
  [
    'scrypt lanes',
    scryptRfc.replace('ln=10', 'ln=18'),
    scryptRfc.replace('ln=10,r=8,p=16', 'ln=18,r=8,p=4'),
  ],
  ['bcrypt cost', bcryptA.replace('$05', '$15'), bcryptA.replace('$05', '$14')],
])(
  '%s above the limit of a sign-in is rejected, and at the limit accepted',
  (_, beyond, within) => {
    expect(findPasswordHashViolation(beyond)).toMatch(/^requires more memory or time/);
    expect(findPasswordHashViolation(within)).toBeNull();
  },
);
