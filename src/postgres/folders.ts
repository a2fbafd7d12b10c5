import path from 'node:path';

/** The paths of one embedded cluster, all inside `<dataDir>`. */
export type ClusterFolders = {
  /** The configured directory. */
  dataDir: string;
  /** PostgreSQL's data directory. */
  pgData: string;
  /** The owner's password, mode 0600. */
  passwordFile: string;
  /** The server's log. */
  logFile: string;
  /** The token of the process that will stop the server. */
  ownerFile: string;
  /** Held while a process starts, adopts or stops the server. */
  lockFile: string;
};

/** Pure. `dataDir` must be absolute and free of symbolic links. */
export function nameFolders(dataDir: string): ClusterFolders {
  const pgData = path.join(dataDir, 'postgres');
  return {
    dataDir,
    pgData,
    passwordFile: path.join(pgData, 'tenantry.password'),
    logFile: path.join(pgData, 'server.log'),
    ownerFile: path.join(dataDir, 'owner.pid'),
    lockFile: path.join(dataDir, 'embedded.lock'),
  };
}
