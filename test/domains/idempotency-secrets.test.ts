import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createResponseSlots } from '../../src/lib/response-slot.ts';
import { create } from '../support/creations.ts';
import { describeApp } from '../support/describe-app.ts';

const secret = 'a secret that only the tests know';
const password = 'slow violet tractors hum';

const app = describeApp();

/** What somebody finds who has stolen the database. */
async function readStolen() {
  const { rows } = await app.owner.query<{
    slot: Buffer;
    fingerprint: Buffer;
    sealed_answer: Buffer;
  }>('select slot, fingerprint, sealed_answer from idempotency_keys');
  return rows;
}

/** Everything in all tables, in one text. */
async function dump(): Promise<string> {
  const { rows } = await app.owner.query<{ name: string }>(
    `select relname as name from pg_class
     where relnamespace = 'public'::regnamespace and relkind = 'r'`,
  );
  const texts = [];
  for (const { name } of rows) {
    const { rows: lines } = await app.owner.query(`select t::text as line from ${name} t`);
    texts.push(...lines.map(({ line }) => line));
  }
  return texts.join('\n');
}

describe('a stolen database', () => {
  test('holds neither key, password nor token, in clear or in hexadecimal', async () => {
    const idempotencyKey = randomUUID();
    const input = { email: 'stolen@once.example', password, name: 'Nora', idempotencyKey };
    const { value } = await create(app.ask, 'signUp', input);
    const stolen = await dump();
    expect(stolen).toContain(input.email);
    for (const hidden of [idempotencyKey, password, value.token]) {
      expect(stolen).not.toContain(hidden);
      expect(stolen).not.toContain(Buffer.from(hidden).toString('hex'));
    }
  });

  test('opens no answer even with the secret of the server, but only with the key as well', async () => {
    const idempotencyKey = randomUUID();
    const input = { email: 'opened@once.example', password, idempotencyKey };
    const { value } = await create(app.ask, 'signUp', input);
    const stolen = await readStolen();
    const open = (key: string, by = secret) => {
      const { sealer } = createResponseSlots(by)(JSON.stringify(['signUp', ['anybody'], key]));
      return stolen.flatMap(({ sealed_answer }) => sealer.open(sealed_answer) ?? []);
    };
    expect(open(idempotencyKey).join()).toContain(value.token);
    expect(open(randomUUID())).toEqual([]);
    expect(open(idempotencyKey, `${secret}!`)).toEqual([]);
  });

  test('shows no two equal inputs or answers, so that nothing can be compared', async () => {
    for (const slug of ['compared-1', 'compared-2']) {
      const input = { email: `${slug}@once.example`, password, idempotencyKey: slug };
      await create(app.ask, 'signUp', input);
    }
    const stolen = await readStolen();
    const values = stolen.flatMap((row) =>
      Object.values(row).map((bytes) => bytes.toString('hex')),
    );
    expect(new Set(values).size).toBe(values.length);
  });
});

test('an answer that was changed in the database is a fault, not an answer', async () => {
  const input = { email: 'changed@once.example', password, idempotencyKey: randomUUID() };
  const { value } = await create(app.ask, 'signUp', input);
  await app.owner.query(
    `update idempotency_keys set sealed_answer = set_byte(sealed_answer, 20,
       get_byte(sealed_answer, 20) # 1)
     where user_id = (select id from users where email = $1)`,
    [input.email],
  );
  const { code } = await create(app.ask, 'signUp', input);
  expect(code).toBe('INTERNAL');
  expect(value.token).toBeTruthy();
});
