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
 * Verifies the chain of a tenant, or all, and compares them with signed heads if given. Writes new heads only if
 * everything is intact. Throws CommandError.
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
  // Read before the chains, which may grow meanwhile: a written head must have been verified.
  const heads = options.writeHeads === undefined ? [] : await listHeads(operator, chains);
  const found = await verifyChains(operator, chains);
  const asked = tenant === undefined ? known : known.filter(([chain]) => chain === chains[0]);
  const faults = [...found.faults, ...(await findLostHeads(operator, asked))];
  if (options.writeHeads !== undefined && faults.length === 0) {
    await writeHeads(options.writeHeads, heads, await getSecret(config));
  }
  return { ...found, faults };
}
