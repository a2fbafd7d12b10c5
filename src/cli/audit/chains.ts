import type { Operator } from '../../db/operator.ts';
import { CommandError } from '../errors.ts';

const idForm =
  /^(?:tenant_)?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/;

/** Chains per statement. */
const batchSize = 200;

/** Where a chain is broken, and how. */
export type ChainFault = { chain: string; name: string | null; sequence: number; fault: string };

/** Result of verifying chains. */
export type Verification = {
  chains: number;
  events: number;
  redacted: number;
  faults: ChainFault[];
};

/**
 * The chain of a tenant by slug or id; an erased tenant has its id only. Throws CommandError if there is none.
 */
export async function getChainOf(operator: Operator, tenant: string): Promise<string> {
  const [, ...parts] = idForm.exec(tenant) ?? [];
  const id = parts.length > 0 ? parts.join('-') : null;
  const [found] = await operator.query<{ id: string }>(
    id === null
      ? 'select id from tenants where slug = $1'
      : `select id from tenants where id = $1::uuid
         union select chain_id from audit_events where chain_id = $1::uuid and sequence = 1`,
    [id ?? tenant],
  );
  if (found) return found.id;
  throw new CommandError(`There is no tenant ${JSON.stringify(tenant)}.`);
}

/** Every chain, including those whose head was deleted. */
export async function listChains(operator: Operator): Promise<string[]> {
  const rows = await operator.query<{ id: string }>(
    'select chain_id as id from audit_heads union select chain_id from audit_events order by 1',
  );
  return rows.map(({ id }) => id);
}

/** Verifies each chain from its first entry to its last. `onProgress` gets the number of verified chains. */
export async function verifyChains(
  operator: Operator,
  chains: readonly string[],
  onProgress: (done: number) => void = () => undefined,
): Promise<Verification> {
  const sum: Verification = { chains: chains.length, events: 0, redacted: 0, faults: [] };
  for (let start = 0; start < chains.length; start += batchSize) {
    const rows = await operator.query<{
      chain: string;
      name: string | null;
      events: string;
      redacted: string;
      sequence: string | null;
      fault: string | null;
    }>(
      `select c.id as chain, coalesce(t.slug, u.email) as name, v.events, v.redacted,
         v.broken_sequence as sequence, v.fault
       from unnest($1::uuid[]) c (id) cross join lateral verify_audit_chain(c.id) v
       left join tenants t on t.id = c.id left join users u on u.id = c.id`,
      [chains.slice(start, start + batchSize)],
    );
    for (const { chain, name, fault, ...counts } of rows) {
      sum.events += Number(counts.events);
      sum.redacted += Number(counts.redacted);
      const sequence = Number(counts.sequence);
      if (fault !== null) sum.faults.push({ chain, name, sequence, fault });
    }
    onProgress(Math.min(start + batchSize, chains.length));
  }
  return sum;
}
