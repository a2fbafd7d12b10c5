import { ensureServing } from '../../../support/serving.ts';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { createPeerLogin } from './peer-login.ts';
import { startPostgraphileServer } from './postgraphile-server.ts';
import { startRawServer } from './raw-server.ts';

/** Our server in two configurations, and the servers that it is compared with. */
export type SideName = 'ours' | 'cacheOff' | 'raw' | 'postgraphile';

export type Sides = {
  ours: ServerProcess;
  raw: ServerProcess;
  all: Servers;
  /** Servers that could not be started, with reasons. */
  absent: readonly string[];
  end: () => Promise<void>;
};

const poolSize = 10;

/** Raised limits per caller, since all requests come from one. They are still counted. */
const limits = { SIGN_IN_SOURCE_FAILURES_MAX: '1000000', API_KEY_REQUESTS_PER_MINUTE: '10000000' };

/** The settings of each configuration that differ from the defaults. */
const variants: Partial<Record<SideName, Record<string, string>>> = {
  ours: {},
  cacheOff: { CREDENTIAL_CACHE_MS: '0' },
};

export type Servers = ReadonlyMap<SideName, ServerProcess>;

/** Starts one process of our server per configuration. */
export async function startOurs(ownerUrl: string): Promise<Servers> {
  const all = new Map<SideName, ServerProcess>();
  for (const [name, settings] of Object.entries(variants)) {
    all.set(name as SideName, await startOne(ownerUrl, settings));
  }
  return all;
}

/** Starts our server with `limits` and the given settings. */
export async function startOne(
  ownerUrl: string,
  settings: Record<string, string> = {},
): Promise<ServerProcess> {
  const environment = { DATABASE_POOL_SIZE: String(poolSize), ...limits, ...settings };
  return await startServerProcess(await ensureServing(ownerUrl), environment);
}

/** Starts all servers on a filled database. */
export async function openSides(ownerUrl: string): Promise<Sides> {
  const peerUrl = await createPeerLogin(ownerUrl);
  const all = new Map(await startOurs(ownerUrl));
  const raw = await startRawServer(peerUrl, poolSize);
  all.set('raw', raw);
  const absent: string[] = [];
  try {
    all.set('postgraphile', await startPostgraphileServer(peerUrl, poolSize));
  } catch (error) {
    absent.push(`PostGraphile: ${error instanceof Error ? error.message : String(error)}`);
  }
  const ours = all.get('ours');
  if (!ours) throw new Error('our server is missing');
  return {
    ours,
    raw,
    all,
    absent,
    async end() {
      for (const side of all.values()) await side.end();
    },
  };
}
