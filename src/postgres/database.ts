import { connect } from '../db/connection/connect.ts';

/** The name of the database. */
export const databaseName = 'tenantry';

/** The owner's url of a database in the embedded cluster. */
export function buildOwnerUrl(cluster: { port: number; password: string }, database: string) {
  return `postgresql://postgres:${cluster.password}@127.0.0.1:${cluster.port}/${database}`;
}

/** Creates the database if the cluster has none yet, and returns the owner's url for it. */
export async function createDatabase(cluster: { port: number; password: string }): Promise<string> {
  const client = await connect(buildOwnerUrl(cluster, 'postgres'), { name: 'tenantry-start' });
  try {
    const found = await client.query('select from pg_database where datname = $1', [databaseName]);
    if (found.rowCount === 0) await client.query(`create database ${databaseName}`);
  } finally {
    await client.end();
  }
  return buildOwnerUrl(cluster, databaseName);
}
