import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { describe, expect, test } from 'vitest';

// The import ladder of src/. The linter bans packages (biome.json); relative imports are checked against these tables.

/** Layers from the top down; a file belongs to the first that matches, and imports only downward. */
const layers: [name: string, files: RegExp][] = [
  ['cli', /^cli\//],
  ['app', /^app(\.ts|\/)/],
  ['http', /^http\//],
  ['schema', /^schema(\.ts|\/)/],
  ['domain schema', /^domains\/[^/]+\/schema(\.ts|\/)/],
  ['graphql', /^graphql\/(?!ids\.ts$)/],
  ['domain service', /^domains\/[^/]+\/service(\.ts|\/)/],
  ['domain queries, loaders, errors and rules', /^domains\/[^/]+\//],
  // The one file of graphql/ without GraphQL, since the commands use the same ids.
  ['public ids', /^graphql\/ids\.ts$/],
  ['core', /^core\//],
  ['postgres', /^postgres\//],
  ['db', /^db\//],
  ['observability', /^observability\//],
  ['config', /^config(\.ts|\/)/],
  ['lib', /^lib\//],
];

/** Domains from the oldest to the youngest: each imports only from those before it. */
const domains = [
  'users',
  'tenants',
  'roles',
  'memberships',
  'sessions',
  'api-keys',
  'invitations',
  'audit',
  'mail',
  'monitoring',
  'maintenance',
  'personal-data',
];

/** Banned imports that go downward. */
const bans: { from: RegExp; to: string; exceptTypes: boolean; reason: string }[] = [
  {
    from: /^(cli|app)$/,
    to: 'graphql',
    exceptTypes: false,
    reason: 'graphql/ is only for http/, schema.ts and domains/*/schema.ts',
  },
  {
    from: /^graphql$/,
    to: 'domain',
    exceptTypes: false,
    reason: 'graphql/ is a toolkit and imports no domain',
  },
  {
    from: /^(?!cli|config$)/,
    to: 'config',
    exceptTypes: true,
    reason: 'the configuration is passed in, so import only its type',
  },
];

type Import = { from: string; to: string; isType: boolean };

describe('the import ladder', () => {
  test('is respected by every file of src/', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .map((file) => file.replaceAll('\\', '/'))
      .filter((file) => file.endsWith('.ts') && !file.startsWith('db/generated/'));
    expect(files).toContain('config.ts');
    const unknown = files.filter((file) => getLayer(file) === -1 || isUnknownDomain(file));
    expect(unknown, 'files in no known layer or domain: add them to the tables above').toEqual([]);
    const imports = files.flatMap((file) => listImports(file, readFileSync(`src/${file}`, 'utf8')));
    expect(imports.map(findViolation).filter((violation) => violation !== null)).toEqual([]);
    expect(findCycles(files, imports)).toEqual([]);
  });

  test('reports a cycle, even one of types only', () => {
    const imports = [
      ...listImports('core/a.ts', `import type { B } from './b.ts';`),
      ...listImports('core/b.ts', `import { c } from './c.ts';`),
      ...listImports('core/c.ts', `const a = await import('./a.ts');`),
    ];
    const files = ['core/a.ts', 'core/b.ts', 'core/c.ts', 'core/d.ts'];
    expect(findCycles(files, imports)).toEqual(['core/a.ts → core/b.ts → core/c.ts → core/a.ts']);
  });

  test.each([
    ['lib/text.ts', `import { pool } from '../db/pool.ts';`],
    ['db/pool.ts', `import type { Ctx } from '../core/context.ts';`],
    ['core/loader.ts', `export { x } from '../domains/users/queries.ts';`],
    ['domains/users/queries.ts', `import { createUser } from './service.ts';`],
    ['domains/users/service.ts', `import { builder } from '../../graphql/builder.ts';`],
    ['domains/users/service.ts', `import './schema.ts';`],
    ['domains/users/schema.ts', `import { x } from '../sessions/service.ts';`],
    ['domains/tenants/service/create.ts', `const x = await import('../../roles/queries.ts');`],
    ['graphql/builder.ts', `import { userLoader } from '../domains/users/loaders.ts';`],
    ['app.ts', `import { builder } from './graphql/builder.ts';`],
    ['graphql/ids.ts', `import { builder } from './builder.ts';`],
    ['http/yoga.ts', `import { createApp } from '../app.ts';`],
    ['core/context.ts', `import { loadConfig } from '../config.ts';`],
    ['config.ts', `import { x } from './lib/text.ts';\nimport { y } from './db/pool.ts';`],
    ['lib/text.ts', `import { isLoopback } from '../config/setting-names.ts';`],
    ['db/migrate.ts', `import { startEmbedded } from '../postgres/start.ts';`],
  ])('rejects in %s: %s', (file, source) => {
    expect(listImports(file, source).map(findViolation)).toContainEqual(expect.any(String));
  });

  test.each([
    ['domains/sessions/schema.ts', `import { User } from '../users/schema.ts';`],
    ['domains/sessions/service.ts', `import { findUser } from '../users/queries.ts';`],
    ['core/context.ts', `import type { Config } from '../config.ts';`],
    ['cli/serve/serve.ts', `import { readConfig } from '../../config.ts';`],
    ['config.ts', `import { parsePostgresUrl } from './lib/postgres-url.ts';`],
    ['cli/names.ts', `import { toGlobalId } from '../graphql/ids.ts';`],
    ['db/client.ts', `import { PrismaClient } from './generated/client.ts';`],
    ['http/yoga.ts', `import { formatError } from '../graphql/errors.ts';`],
  ])('allows in %s: %s', (file, source) => {
    expect(listImports(file, source).map(findViolation)).toEqual([null]);
  });
});

/** The relative imports of a file, resolved to paths below src/. */
function listImports(from: string, source: string): Import[] {
  const pattern =
    /^\s*(?:import|export)\s+(?<type>type\s)?(?:[^'";]*?\bfrom\s*)?'(?<path>\.[^']+)'|\bimport\(\s*'(?<dynamic>\.[^']+)'/gm;
  return Array.from(source.matchAll(pattern), ({ groups }) => ({
    from,
    to: join(dirname(from), groups?.path ?? groups?.dynamic ?? ''),
    isType: groups?.type !== undefined,
  }));
}

/** The reason why an import is not allowed, or null. */
function findViolation({ from, to, isType }: Import): string | null {
  const [source, target] = [getLayer(from), getLayer(to)];
  const [sourceName = '', targetName = ''] = [layers[source]?.[0], layers[target]?.[0]];
  const line = `src/${from} imports src/${to}`;
  if (target === -1 && !to.startsWith('..')) return `${line}: no known layer`;
  if (target !== -1 && target < source) return `${line}: ${sourceName} is below ${targetName}`;
  const ban = bans.find((rule) => rule.from.test(sourceName) && targetName.startsWith(rule.to));
  if (ban && !(ban.exceptTypes && isType)) return `${line}: ${ban.reason}`;
  const [age, otherAge] = [getAge(from), getAge(to)];
  if (age !== null && otherAge !== null && otherAge > age) return `${line}: a younger domain`;
  return null;
}

/** Each import cycle as a line, found depth first. The linter reports only cycles at run time. */
function findCycles(files: string[], imports: Import[]): string[] {
  const targets = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: string[]): void => {
    const start = path.indexOf(file);
    if (start !== -1) cycles.push([...path.slice(start), file].join(' → '));
    if (start !== -1 || done.has(file)) return;
    for (const { to } of targets.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return cycles;
}

function getLayer(file: string): number {
  return layers.findIndex(([, files]) => files.test(file));
}

/** The index of a file's domain in `domains`, or null outside the domains. */
function getAge(file: string): number | null {
  const domain = /^domains\/([^/]+)\//.exec(file)?.[1];
  return domain === undefined ? null : domains.indexOf(domain);
}

function isUnknownDomain(file: string): boolean {
  return getAge(file) === -1;
}
