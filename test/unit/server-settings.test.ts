import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { formatSettings } from '../../src/postgres/settings.ts';

test('overrides come after the shipped settings and are quoted', () => {
  const text = formatSettings('port = 1\n', { port: '2', note: "it's" });
  expect(text.indexOf('port = 1')).toBeLessThan(text.indexOf("port = '2'"));
  expect(text).toContain("note = 'it''s'");
});

test('the shipped settings contain the tuning and keep acknowledged commits durable', async () => {
  const file = fileURLToPath(new URL('../../src/postgres/postgresql.conf', import.meta.url));
  const text = await readFile(file, 'utf8');
  const settings = Object.fromEntries(
    [...text.matchAll(/^(\S+) = '?([^'\n]*)'?$/gm)].map(([, name, value]) => [name, value]),
  );
  expect(settings).toMatchObject({
    shared_buffers: '256MB',
    effective_cache_size: '1GB',
    work_mem: '4MB',
    maintenance_work_mem: '64MB',
    max_connections: '100',
    random_page_cost: '1.1',
    checkpoint_completion_target: '0.9',
    shared_preload_libraries: 'pg_stat_statements',
    synchronous_commit: 'on',
  });
});
