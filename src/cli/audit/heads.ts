import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { decodeTextFile } from '../../config/text-file.ts';
import type { Operator } from '../../db/operator.ts';
import { CommandError } from '../errors.ts';
import type { ChainFault } from './chains.ts';

/** The chain's id, its last sequence number, and that entry's hash. */
const head = z.tuple([z.uuid(), z.int(), z.string().regex(/^[0-9a-f]{64}$/)]);
const signedHeads = z.object({ at: z.string(), heads: z.array(head), mac: z.string() });

type Head = z.infer<typeof head>;

/** The current heads of chains. */
export function listHeads(operator: Operator, chains: readonly string[]): Promise<Head[]> {
  return operator
    .query<{ head: Head }>(
      `select jsonb_build_array(chain_id, sequence, encode(hash, 'hex')) as head
       from audit_heads where chain_id = any ($1::uuid[]) order by chain_id`,
      [chains],
    )
    .then((rows) => rows.map((row) => row.head));
}

/**
 * Writes heads to a file, to be kept out of reach of those who can change the database. It reveals entries that were
 * cut off together with the head, and a rewritten chain. Signed with the server's secret, so that it cannot be forged
 * without it.
 */
export async function writeHeads(file: string, heads: readonly Head[], secret: string) {
  const body = { at: new Date().toISOString(), heads };
  await writeFile(file, `${JSON.stringify({ ...body, mac: sign(secret, body) })}\n`);
}

/** Reads a file of writeHeads. Throws CommandError if it is invalid or not signed with this secret. */
export async function readHeads(file: string, secret: string): Promise<Head[]> {
  const parsed = signedHeads.safeParse(parseJson(await readFile(file)));
  if (!parsed.success) throw new CommandError(`${file} is not a list of heads.`);
  const { mac, ...body } = parsed.data;
  const [expected, given] = [Buffer.from(sign(secret, body)), Buffer.from(mac)];
  if (expected.length === given.length && timingSafeEqual(expected, given)) return body.heads;
  throw new CommandError(
    `${file} was not signed with this server's secret, or has been changed since.`,
  );
}

/** The chains that no longer contain a signed head. */
export async function findLostHeads(
  operator: Operator,
  heads: readonly Head[],
): Promise<ChainFault[]> {
  const lost = await operator.query<Omit<ChainFault, 'fault'> & { isGone: boolean }>(
    `select h.chain, coalesce(t.slug, u.email) as name, h.sequence, e.hash is null as "isGone"
     from unnest($1::uuid[], $2::int[], $3::text[]) h (chain, sequence, hash)
     left join audit_events e on e.chain_id = h.chain and e.sequence = h.sequence
     left join tenants t on t.id = h.chain left join users u on u.id = h.chain
     where encode(e.hash, 'hex') is distinct from h.hash order by h.chain`,
    [heads.map(([chain]) => chain), heads.map(([, at]) => at), heads.map(([, , hash]) => hash)],
  );
  return lost.map(({ isGone, ...where }) => ({
    ...where,
    fault: isGone
      ? 'the chain was cut off before this row, which was there when the heads were signed'
      : 'the row is another one than when the heads were signed',
  }));
}

function sign(secret: string, body: { at: string; heads: readonly Head[] }): string {
  const text = JSON.stringify([body.at, body.heads]);
  return createHmac('sha256', secret).update(`audit-heads.v1\n${text}`).digest('hex');
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(decodeTextFile(bytes));
  } catch {
    return null;
  }
}
