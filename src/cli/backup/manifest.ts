import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { decodeTextFile } from '../../config/text-file.ts';
import { CommandError } from '../errors.ts';

const roleName = z.string().regex(/^[a-z0-9_]{1,63}$/);

const manifestForm = z.object({
  form: z.literal('tenantry backup 1'),
  /** A copy of the embedded cluster, or a dump that pg_dump made. */
  kind: z.enum(['cluster', 'dump']),
  createdAt: z.iso.datetime(),
  platform: z.string(),
  /** The roles that a dump refers to; they must exist before it is restored. */
  roles: z.object({ app: roleName, definer: roleName }).optional(),
});

/** Description of a backup. */
export type Manifest = z.infer<typeof manifestForm>;

/** The paths of a backup. */
export function nameBackup(folder: string) {
  const root = path.resolve(folder);
  return {
    root,
    cluster: path.join(root, 'postgres'),
    dump: path.join(root, 'tenantry.dump'),
    manifest: path.join(root, 'backup.json'),
  };
}

/** Creates the directory, for its owner alone. Throws CommandError if the path exists. */
export async function createBackupFolder(folder: string): Promise<void> {
  const { root } = nameBackup(folder);
  const exists = await stat(root).then(
    () => true,
    () => false,
  );
  if (exists) throw new CommandError(`${root} exists already: name a folder that does not.`);
  await mkdir(root, { recursive: true, mode: 0o700 });
}

/** Written last, so a directory without it is not a complete backup. */
export async function writeManifest(
  folder: string,
  { kind, roles }: Pick<Manifest, 'kind' | 'roles'>,
): Promise<void> {
  const createdAt = new Date().toISOString();
  const form = 'tenantry backup 1';
  const manifest: Manifest = { form, kind, createdAt, platform: thisPlatform, roles };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  await writeFile(nameBackup(folder).manifest, text, { mode: 0o600, flush: true });
}

/** Throws CommandError for a directory without a complete backup. */
export async function readManifest(folder: string): Promise<Manifest> {
  const { manifest, root } = nameBackup(folder);
  const bytes = await readFile(manifest).catch(() => new Uint8Array());
  try {
    return manifestForm.parse(JSON.parse(decodeTextFile(bytes)));
  } catch {
    throw new CommandError(`${root} holds no complete backup: there is no good backup.json in it.`);
  }
}

/** A copied cluster starts on the same kind of machine only. */
export const thisPlatform = `${process.platform}-${process.arch}`;
