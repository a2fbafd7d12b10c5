import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { seedInBulk } from '../../src/cli/seed/bulk.ts';
import { completeSize } from '../../src/cli/seed/plan.ts';
import { createPasswordHasher } from '../../src/core/passwords/hasher.ts';
import { describeApp } from '../support/describe-app.ts';
import type { Rehearsal } from '../support/k6/rehearse.ts';
import { createPlatformAdmin } from '../support/people.ts';

// Every scenario runs against a real server, in Node instead of k6, so everything but the load is tested without
// k6.

const atRoot = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const scenarios = readdirSync(atRoot('k6/scenarios'));
const membersPassword = 'a password of many members';

const app = describeApp();
let environment: Record<string, string>;

beforeAll(async () => {
  const { email, password } = await createPlatformAdmin(app);
  const hasher = createPasswordHasher({
    memoryKib: 19_456,
    iterations: 2,
    concurrency: 1,
    queueMax: 1,
  });
  const seeded = await seedInBulk(app.ownerUrl, {
    ...completeSize({ users: 60, tenants: 2, sessions: 0 }),
    passwordHash: await hasher.hash(membersPassword),
    lifetime: { idleTimeoutSeconds: 3_600, absoluteTimeoutSeconds: 3_600 },
    onProgress: () => undefined,
  });
  environment = {
    LOAD_URL: `${app.url}/graphql`,
    LOAD_ADMIN_EMAIL: email,
    LOAD_ADMIN_PASSWORD: password,
    LOAD_MEMBERS_EMAIL: seeded.sampleEmails[0] ?? '',
    LOAD_MEMBERS_PASSWORD: membersPassword,
    LOAD_MEMBERS_SLUG: seeded.largestTenant.slug,
  };
});

async function rehearse(
  scenario: string,
  iterations: number,
): Promise<Rehearsal & { log: string }> {
  const args = [
    atRoot('test/support/k6/run.ts'),
    atRoot(`k6/scenarios/${scenario}`),
    `${iterations}`,
  ];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    env: environment,
  });
  return { ...JSON.parse(stdout.slice(stdout.lastIndexOf('\n'))), log: stderr };
}

describe.each(scenarios)('%s', (scenario) => {
  test('gets the expected response to every operation with a threshold', async () => {
    const { options, requests, samples, log } = await rehearse(scenario, 100);
    expect(log).toBe('');
    const failures = Object.entries(samples).filter(([name]) =>
      name.startsWith('operation_failures'),
    );
    for (const [name, values] of failures) expect([name, Math.max(...values)]).toEqual([name, 0]);
    const measured = Object.keys(options.thresholds).flatMap(
      (name) => /^http_reqs\{operation:(.*)\}$/.exec(name)?.[1] ?? [],
    );
    expect(measured).not.toEqual([]);
    for (const operation of measured) expect(requests).toHaveProperty(operation);
  });

  test('deletes the tenants that it created', async () => {
    const { rows } = await app.owner.query(
      `select slug from tenants where slug like 'load-%' and status <> 'pending_deletion'`,
    );
    expect(rows).toEqual([]);
  });
});

test('an error in the result counts as a failure, even with the status 200', async () => {
  await app.owner.query(`update tenants set custom_roles_max = 0`);
  await app.owner.query(`alter table tenants alter column custom_roles_max set default 0`);
  const { samples, log } = await rehearse('mutations.ts', 20);
  expect(Math.min(...(samples['operation_failures{create-role}'] ?? []))).toBe(1);
  expect(log).toContain('createRole was refused, LIMIT_REACHED');
});

test('the time of a sign-in is also reported without its hash', async () => {
  const { samples } = await rehearse('sign-in.ts', 5);
  expect(samples['sign_in_without_hash{sign-in}']).toHaveLength(5);
});

test('a run without the settings of its scenario is rejected before it starts', async () => {
  const { LOAD_ADMIN_EMAIL, ...rest } = environment;
  environment = rest;
  const message = 'needs a platform admin: set LOAD_ADMIN_EMAIL and LOAD_ADMIN_PASSWORD';
  await expect(rehearse('admin-tenants.ts', 1)).rejects.toThrow(message);
  environment = { ...rest, LOAD_ADMIN_EMAIL: LOAD_ADMIN_EMAIL ?? '' };
});
