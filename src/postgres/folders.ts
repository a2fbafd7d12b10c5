import path from 'node:path';

/** Where everything of one embedded cluster lies, all inside `<dataDir>`. */
export type ClusterFolders = {
  /** The folder that was asked for. */
  dataDir: string;
  /** PostgreSQL's own data folder. */
  pgData: string;
  /** The owner's password, mode 0600. */
  passwordFile: string;
  /** The output of the server. */
  logFile: string;
  /** The token of the process that stops the server at its end. */
  ownerFile: string;
  /** Held while anybody starts, adopts or stops the server. */
  lockFile: string;
};

/** Names them; touches nothing. `dataDir` must be absolute and free of symbolic links. */
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
