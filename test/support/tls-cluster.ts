import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../../src/lib/log.ts';
import { formatPostgresUrl, parsePostgresUrl } from '../../src/lib/postgres-url.ts';
import { findAccount } from '../../src/postgres/account.ts';
import { prepareBinaries } from '../../src/postgres/binaries.ts';
import { giveTo } from '../../src/postgres/copy-files.ts';
import { startEmbedded } from '../../src/postgres/start.ts';
import { runAt } from './bare-app.ts';
import { waitUntil } from './child.ts';

/** A certificate that the server can present: test/support/tls/README.md says what each is. */
export type Certificate = 'server.pem' | 'elsewhere.pem' | 'self-signed.pem';

/** A PostgreSQL that requires TLS over TCP, like a hosted one. */
export type TlsCluster = {
  /** The superuser's URL of a database, without parameters; created if it is missing. */
  createDatabase: (name: string) => Promise<string>;
  /** The folder of its Unix socket. */
  socketFolder: string;
  /** The same database through the socket. */
  throughSocket: (url: string) => string;
  /** Presents this certificate to new connections. */
  present: (certificate: Certificate) => Promise<void>;
  close: () => Promise<void>;
};

/** The database whose superuser needs a client certificate besides the URL. */
export const certifiedDatabase = 'certified';

/** The first line lets the embedded PostgreSQL create its own database. */
const rules = `
host    postgres,tenantry  all  127.0.0.1/32  scram-sha-256
local   all  all  scram-sha-256
hostssl ${certifiedDatabase}  postgres  127.0.0.1/32  cert
hostssl all  all  127.0.0.1/32  scram-sha-256
`;

/** The path of a file in test/support/tls. */
export const pathOfTls = (name: string) => fileURLToPath(new URL(`tls/${name}`, import.meta.url));

export async function startTlsCluster(): Promise<TlsCluster> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tls-'));
  const copies = path.join(folder, 'tls');
  await mkdir(copies);
  await cp(pathOfTls('.'), copies, { recursive: true });
  // PostgreSQL rejects a key that others may read, and Git does not keep that permission.
  await chmod(path.join(copies, 'server.key'), 0o600);
  await writeFile(path.join(copies, 'pg_hba.conf'), rules);
  const binaries = await prepareBinaries();
  await giveTo(await findAccount([...Object.values(binaries), tmpdir()]), folder);
  const cluster = await startEmbedded({
    dataDir: folder,
    settingsFile: fileURLToPath(new URL('../../src/postgres/postgresql.conf', import.meta.url)),
    overrides: {
      fsync: 'off',
      ssl: 'on',
      ssl_cert_file: path.join(copies, 'server.pem'),
      ssl_key_file: path.join(copies, 'server.key'),
      ssl_ca_file: path.join(copies, 'authority.pem'),
      hba_file: path.join(copies, 'pg_hba.conf'),
      unix_socket_directories: folder,
    },
    log: silentLog,
  });
  const admin = (sql: string) => runAt(cluster.ownerUrl, sql);
  return {
    async createDatabase(name) {
      const url = new URL(cluster.ownerUrl);
      url.pathname = `/${name}`;
      const { rowCount } = await admin(`select from pg_database where datname = '${name}'`);
      if (rowCount === 0) await admin(`create database ${name}`);
      return url.href;
    },
    socketFolder: folder,
    throughSocket: (url) => formatPostgresUrl({ ...parsePostgresUrl(url), host: folder }),
    async present(certificate) {
      const file = path.join(copies, certificate);
      await admin(`alter system set ssl_cert_file = '${file}'`);
      await admin('select pg_reload_conf()');
      await waitUntil(
        async () => (await admin('show ssl_cert_file')).rows[0].ssl_cert_file === file,
      );
    },
    async close() {
      await cluster.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
