import { scryptSync } from 'node:crypto';
import { hash as argon2 } from '@node-rs/argon2';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { expect, test } from 'vitest';
import { send } from '../support/credentials.ts';
import { describeApp } from '../support/describe-app.ts';

const app = describeApp();

const own = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;
/** Shorter than any that is taken today, and letters that NFKC makes others of. */
const password = 'ﬁsh℃';
const normalized = password.normalize('NFKC');

const argon2d = 0;
const schemes = {
  bcrypt: (text: string) => bcrypt(text, 5),
  'bcrypt of PHP': async (text: string) => (await bcrypt(text, 5)).replace(/^\$2b/, '$2y'),
  scrypt: async (text: string) => {
    const encode = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
    const salt = Buffer.from('sixteen bytes of');
    const output = scryptSync(text, salt, 32, { N: 2 ** 10, r: 8, p: 1 });
    return `$scrypt$ln=10,r=8,p=1$${encode(salt)}$${encode(output)}`;
  },
  argon2d: (text: string) => argon2(text, { algorithm: argon2d, memoryCost: 64, timeCost: 1 }),
  'argon2id with lanes': (text: string) =>
    argon2(text, { memoryCost: 65_536, timeCost: 3, parallelism: 4 }),
  'argon2id that is weaker': (text: string) =>
    argon2(text, { memoryCost: 4_096, timeCost: 3, parallelism: 1 }),
};

let serial = 0;

/** Somebody as another system knew it. */
async function bringIn(hash: string): Promise<string> {
  const email = `settler-${++serial}@people.example`;
  await app.owner.query(
    `with u as (insert into users (email) values ($1) returning id)
     insert into password_credentials (user_id, password_hash) select id, $2 from u`,
    [email, hash],
  );
  return email;
}

async function readHash(email: string): Promise<string> {
  const { rows } = await app.owner.query(
    `select password_hash as hash from password_credentials c
     join users u on u.id = c.user_id where u.email = $1`,
    [email],
  );
  return rows[0].hash;
}

const trySignIn = async (email: string, typed: string) =>
  (await send(app.ask, 'signIn', { email, password: typed })).code;

test.each(Object.entries(schemes))(
  'a password of %s lets its owner in as it was typed there, and is ours from then on',
  async (_, hash) => {
    const foreign = await hash(password);
    const email = await bringIn(foreign);
    expect(await trySignIn(email, `${password}!`)).toBe('UNAUTHENTICATED');
    expect(await trySignIn(email, '')).toBe('UNAUTHENTICATED');
    expect(await readHash(email)).toBe(foreign);
    expect(await trySignIn(email, password)).toBeNull();
    const upgraded = await readHash(email);
    expect(upgraded).toMatch(own);
    // Ours is of the normalised form, whichever keyboard it comes from.
    expect(await trySignIn(email, password)).toBeNull();
    expect(await trySignIn(email, normalized)).toBeNull();
    expect(await readHash(email)).toBe(upgraded);
  },
);

test('a hash that could be ours is tried in both forms', async () => {
  const alike = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
  const email = await bringIn(await argon2(password, alike));
  expect(await trySignIn(email, password)).toBeNull();
  expect(await trySignIn(email, `${normalized}!`)).toBe('UNAUTHENTICATED');
});

test('an empty password lets nobody in, and neither does one too long to be read', async () => {
  const email = await bringIn(await bcrypt('', 5));
  expect(await trySignIn(email, '')).toBe('UNAUTHENTICATED');
  expect(await trySignIn(email, 'x'.repeat(2_000))).toBe('UNAUTHENTICATED');
});

test('a hash that nothing can read is answered like a wrong password', async () => {
  const email = await bringIn('$unheard-of$scheme');
  expect(await trySignIn(email, password)).toBe('UNAUTHENTICATED');
  expect(await trySignIn(email, 'a password that nobody has')).toBe('UNAUTHENTICATED');
});
