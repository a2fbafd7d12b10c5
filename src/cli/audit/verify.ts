import { getSecret } from '../../config/secret.ts';
import type { Config } from '../../config.ts';
import type { Operator } from '../../db/operator.ts';
import { getChainOf, listChains, type Verification, verifyChains } from './chains.ts';
import { findLostHeads, listHeads, readHeads, writeHeads } from './heads.ts';

export type VerifyOptions = {
  tenant?: string;
  writeHeads?: string;
  against?: string;
};

/**
 * Proves the chain of a tenant, or all; against signed heads too where they are given. New heads are
 * written only of what was found to be whole. Throws CommandError.
 */
export async function verifyAuditLogs(
  operator: Operator,
  options: VerifyOptions,
  config: Config,
): Promise<Verification> {
  const { tenant, against } = options;
  const known = against === undefined ? [] : await readHeads(against, await getSecret(config));
  const chains =
    tenant === undefined ? await listChains(operator) : [await getChainOf(operator, tenant)];
  // Before the chains: they may grow meanwhile, and a head must be one that was proven.
  const heads = options.writeHeads === undefined ? [] : await listHeads(operator, chains);
  const found = await verifyChains(operator, chains);
  const asked = tenant === undefined ? known : known.filter(([chain]) => chain === chains[0]);
  const faults = [...found.faults, ...(await findLostHeads(operator, asked))];
  if (options.writeHeads !== undefined && faults.length === 0) {
    await writeHeads(options.writeHeads, heads, await getSecret(config));
  }
  return { ...found, faults };
}
