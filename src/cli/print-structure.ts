import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate } from '../db/migrate.ts';
import { printStructure } from '../db/structure.ts';
import { silentLog } from '../lib/log.ts';
import { startEmbedded } from '../postgres/start.ts';

// Writes prisma/structure.sql, so that a change of the database is always a visible change of a
// committed file. It migrates a database of its own from nothing: no other one is looked at.
const at = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

const dataDir = await mkdtemp(path.join(tmpdir(), 'tenantry-structure-'));
try {
  const settingsFile = at('src/postgres/postgresql.conf');
  const overrides = { fsync: 'off', shared_buffers: '32MB' };
  const cluster = await startEmbedded({ dataDir, settingsFile, overrides, log: silentLog });
  try {
    const { ownerUrl } = cluster;
    await migrate({ ownerUrl, migrationsDir: at('migrations'), log: silentLog });
    await writeFile(at('prisma/structure.sql'), await printStructure(ownerUrl));
  } finally {
    await cluster.stop();
  }
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
