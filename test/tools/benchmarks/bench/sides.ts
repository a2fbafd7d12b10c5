import { ensureServing } from '../../../support/serving.ts';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { createPeerLogin } from './peer-login.ts';
import { startPostgraphileServer } from './postgraphile-server.ts';
import { startRawServer } from './raw-server.ts';

/** Our server in several settings, and what it is compared with. */
export type SideName = 'ours' | 'cacheOff' | 'raw' | 'postgraphile';

export type Sides = {
  ours: ServerProcess;
  raw: ServerProcess;
  all: Servers;
  /** Who does not take part, and why. */
  absent: readonly string[];
  end: () => Promise<void>;
};

const poolSize = 10;

/** Limits of one caller, which is all callers here; they are still counted. */
const limits = { SIGN_IN_SOURCE_FAILURES_MAX: '1000000', API_KEY_REQUESTS_PER_MINUTE: '10000000' };

/** What is set otherwise than shipped. */
const variants: Partial<Record<SideName, Record<string, string>>> = {
  ours: {},
  cacheOff: { CREDENTIAL_CACHE_MS: '0' },
};

export type Servers = ReadonlyMap<SideName, ServerProcess>;

/** Starts our server on a filled database, a process in each of the settings. */
export async function startOurs(ownerUrl: string): Promise<Servers> {
  const all = new Map<SideName, ServerProcess>();
  for (const [name, settings] of Object.entries(variants)) {
    all.set(name as SideName, await startOne(ownerUrl, settings));
  }
  return all;
}

/** Starts one more of our server, as shipped but for `limits` and what is given. */
export async function startOne(
  ownerUrl: string,
  settings: Record<string, string> = {},
): Promise<ServerProcess> {
  const environment = { DATABASE_POOL_SIZE: String(poolSize), ...limits, ...settings };
  return await startServerProcess(await ensureServing(ownerUrl), environment);
}

/** Starts a process of each side on a filled database. */
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
