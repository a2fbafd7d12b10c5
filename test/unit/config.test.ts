import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { printEnvExample } from '../../src/config/env-example.ts';
import { sampleSecret } from '../../src/config/settings.ts';
import { printSettingsTable } from '../../src/config/settings-table.ts';
import { ConfigError, loadConfig } from '../../src/config.ts';

const goodSecret = 'a-good-secret-of-more-than-32-characters';
const production = { NODE_ENV: 'production', TENANTRY_SECRET: goodSecret };

function listProblems(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('an empty environment has the documented development defaults', () => {
  expect(loadConfig({})).toEqual({
    env: 'development',
    secret: undefined,
    demo: true,
    workers: 1,
    server: {
      host: '127.0.0.1',
      port: 4000,
      bodyMaxBytes: 102_400,
      requestTimeoutMs: 5000,
      inFlightMax: 24,
      inFlightQueueMax: 1024,
      shutdownDelayMs: 0,
      shutdownGraceMs: 10_000,
      corsOrigins: [],
      logsRejectedOrigins: true,
      sessionCookies: true,
      trustedProxyHops: 0,
      clientPlaceHeader: undefined,
      hasGetGuard: false,
      graphiql: true,
      introspection: true,
      serverTiming: true,
    },
    metrics: { host: '127.0.0.1', port: null },
    database: {
      url: undefined,
      appUrl: undefined,
      dataDir: '.data',
      embeddedPort: undefined,
      poolSize: 10,
      acquireTimeoutMs: 1000,
      statementTimeoutMs: 3000,
      queryTimeoutMs: 4000,
      connectionMaxAgeSeconds: 3600,
    },
    sessions: {
      idleTimeoutSeconds: 86_400,
      absoluteTimeoutSeconds: 2_592_000,
      adminIdleTimeoutSeconds: 1800,
      adminAbsoluteTimeoutSeconds: 43_200,
      perUserMax: 50,
      impersonationMaxSeconds: 3600,
      reauthenticationSeconds: 900,
      credentialCacheMs: 1_000,
    },
    passwordPolicy: { lengthMin: 15 },
    passwords: {
      memoryKib: 19_456,
      iterations: 2,
      concurrency: availableParallelism(),
      queueMax: 64,
    },
    signIn: {
      freeFailures: 5,
      consecutiveMax: 100,
      sourceFailuresMax: 20,
      signUpsMax: 1000,
      windowSeconds: 900,
    },
    apiKeys: { environment: 'test', requestsPerMinute: 6000 },
    tenants: { deletionGraceDays: 30 },
    maintenance: { intervalSeconds: 60 },
    invitations: { ttlSeconds: 604_800, perTenantDayMax: 1000 },
    streams: { perOwnerMax: 10, perProcessMax: 1000 },
    mail: {
      smtpUrl: undefined,
      from: { name: 'Tenantry', address: 'no-reply@localhost' },
      hasInbox: true,
      hasDevPages: true,
      links: {
        invitation: 'http://localhost:4000/dev/invitation',
        emailVerification: 'http://localhost:4000/dev/email-verification',
        passwordReset: 'http://localhost:4000/dev/password-reset',
      },
    },
    log: { level: 'info', format: 'pretty' },
    traces: null,
  });
});

test('production disables demo, GraphiQL and introspection, and logs JSON', () => {
  const config = loadConfig(production);
  expect(config.demo).toBe(false);
  expect(config.server.graphiql).toBe(false);
  expect(config.server.introspection).toBe(false);
  expect(config.server.hasGetGuard).toBe(true);
  expect(config.log.format).toBe('json');
});

test('production delays a stop by five seconds for the load balancer, unless another delay is set', () => {
  expect(loadConfig(production).server.shutdownDelayMs).toBe(5_000);
  expect(loadConfig({ ...production, SHUTDOWN_DELAY_MS: '0' }).server.shutdownDelayMs).toBe(0);
});

test('an empty variable counts as not set', () => {
  expect(loadConfig({ PORT: '', DATABASE_URL: '' })).toEqual(loadConfig({}));
});

test('the configuration is deeply frozen', () => {
  const config = loadConfig({ CORS_ORIGINS: 'https://app.example.com' });
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.server)).toBe(true);
  expect(Object.isFrozen(config.server.corsOrigins)).toBe(true);
});

test('all problems are reported at once, each with the name of its variable', () => {
  const problems = listProblems({
    PORT: 'abc',
    LOG_LEVEL: 'loud',
    DEMO: 'yes',
    TENANTRY_PROT: '1',
  });
  expect(problems).toEqual([
    'TENANTRY_PROT is not a setting; did you mean PORT?',
    'DEMO must be on or off, not "yes"',
    'PORT must be a whole number from 0 to 65535, not "abc"',
    'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent, not "loud"',
  ]);
  expect(new ConfigError(problems).message).toMatch(/^4 settings are invalid:\n {2}- TENANTRY_/);
});

test.each(['-1', '65536', '1.5', '1e3', '0x10', ' 80', '٣', '9'.repeat(400)])(
  'the port %j is rejected',
  (PORT) => {
    expect(listProblems({ PORT })).toHaveLength(1);
  },
);

test('an invalid value is reported once and hides no other problem', () => {
  expect(
    listProblems({ NODE_ENV: 'production', TENANTRY_SECRET: 'short', DEMO: 'on', PORT: 'x' }),
  ).toEqual([
    expect.stringContaining('TENANTRY_SECRET must be at least 32'),
    expect.stringContaining('PORT must be'),
    'DEMO must be off in production',
  ]);
});

test('port 0 is allowed and means any free port', () => {
  expect(loadConfig({ PORT: '0' }).server.port).toBe(0);
});

test.each([
  ['TENANTRY_SECRT', 'TENANTRY_SECRET'],
  ['TENANTRY_DATADIR', 'TENANTRY_DATA_DIR'],
  ['TENANTRY_LOG_LEVEL', 'LOG_LEVEL'],
])('the unknown variable %s is rejected with the suggestion %s', (wrong, right) => {
  expect(listProblems({ [wrong]: 'x' })).toEqual([
    `${wrong} is not a setting; did you mean ${right}?`,
  ]);
});

test('variables of other programs are ignored', () => {
  expect(loadConfig({ PATH: '/bin', CI: 'true' })).toEqual(loadConfig({}));
});

test('production requires a secret', () => {
  expect(listProblems({ NODE_ENV: 'production' })).toEqual([
    'TENANTRY_SECRET must be set in production',
  ]);
});

test.each(['too-short-secret', sampleSecret])(
  'the secret %j is rejected without being printed',
  (value) => {
    const [problem, ...others] = listProblems({ TENANTRY_SECRET: value });
    expect(others).toEqual([]);
    expect(problem).toContain('TENANTRY_SECRET must be at least 32 characters');
    expect(problem).not.toContain(value);
  },
);

test.each(['mysql://root:hunter2@db/x', 'hunter2', 'postgresql//app:hunter2@db/x'])(
  'the database URL %j is rejected without its password being printed',
  (DATABASE_URL) => {
    const [problem] = listProblems({ DATABASE_URL });
    expect(problem).toContain('DATABASE_URL must be a URL');
    expect(problem).not.toContain('hunter2');
  },
);

test('DATABASE_APP_URL without DATABASE_URL is rejected', () => {
  expect(listProblems({ DATABASE_APP_URL: 'postgresql://app@db/x' })).toEqual([
    'DATABASE_APP_URL needs DATABASE_URL, the owner of the same database',
  ]);
});

test.each(['0.0.0.0', '::', '192.168.1.5', '127.0.0.1.evil.example', 'example.com'])(
  'on %s the demo is off by default and rejected if it is turned on',
  (HOST) => {
    expect(loadConfig({ HOST }).demo).toBe(false);
    expect(listProblems({ HOST, DEMO: 'on' })).toEqual([
      `DEMO must be off if HOST is not loopback, and it is ${HOST}`,
    ]);
  },
);

test('the demo is rejected in production, even on loopback', () => {
  expect(listProblems({ ...production, DEMO: 'on' })).toEqual(['DEMO must be off in production']);
});

test('with DATABASE_URL the demo is off unless DEMO is on', () => {
  const DATABASE_URL = 'postgresql://owner:secret@localhost/own';
  expect(loadConfig({ DATABASE_URL }).demo).toBe(false);
  expect(loadConfig({ DATABASE_URL, DEMO: 'on' }).demo).toBe(true);
});

test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('%s is loopback', (HOST) => {
  expect(loadConfig({ HOST, DEMO: 'on' }).demo).toBe(true);
});

test.each([
  { DATABASE_STATEMENT_TIMEOUT_MS: '5000' },
  { SESSION_IDLE_TIMEOUT_SECONDS: '2592001' },
  { ADMIN_SESSION_IDLE_TIMEOUT_SECONDS: '43201' },
])('limits that contradict each other are rejected: %j', (env) => {
  expect(listProblems(env)[0]).toMatch(/must be at least/);
});

test('the inbox is on only in development, on loopback, without SMTP_URL', () => {
  const smtp = { SMTP_URL: 'smtp://mail.example' };
  expect(loadConfig({}).mail.hasInbox).toBe(true);
  for (const env of [smtp, production, { HOST: '0.0.0.0' }, { MAIL_INBOX: 'off' }]) {
    expect(loadConfig(env).mail.hasInbox).toBe(false);
  }
  expect(listProblems({ ...smtp, MAIL_INBOX: 'on' })).toEqual([
    'MAIL_INBOX must be off if SMTP_URL is set',
  ]);
  expect(listProblems({ ...production, MAIL_INBOX: 'on' })).toEqual([
    'MAIL_INBOX must be off in production',
  ]);
  expect(listProblems({ HOST: '::', MAIL_INBOX: 'on' })).toEqual([
    'MAIL_INBOX must be off if HOST is not loopback, and it is ::',
  ]);
});

test('production with SMTP_URL requires MAIL_FROM and the pages that links lead to', () => {
  const sending = { ...production, SMTP_URL: 'smtps://mail.example' };
  expect(listProblems(sending)).toEqual([
    'MAIL_FROM must be set in production with SMTP_URL',
    'PUBLIC_URL must be set in production with SMTP_URL, to the address of your frontend: links in mails lead there (or set INVITATION_URL, EMAIL_VERIFICATION_URL, PASSWORD_RESET_URL)',
  ]);
  const from = { ...sending, MAIL_FROM: 'post@mail.example' };
  const pages = {
    INVITATION_URL: 'https://a.example/i',
    EMAIL_VERIFICATION_URL: 'https://a.example/v',
    PASSWORD_RESET_URL: 'https://a.example/r',
  };
  expect(listProblems({ ...from, PUBLIC_URL: 'https://a.example' })).toEqual([]);
  expect(listProblems({ ...from, ...pages })).toEqual([]);
  expect(listProblems({ ...from, ...pages, INVITATION_URL: '' })).toEqual([
    expect.stringMatching(/^PUBLIC_URL must be set/),
  ]);
  expect(listProblems({ ...from, ...pages, INVITATION_URL: 'a.example/i' })).toEqual([
    expect.stringMatching(/^INVITATION_URL must be a web address/),
  ]);
});

test.each(['https://app.example.com', 'https://app.example.com/', 'https://app.example.com//'])(
  'links in mails point to pages below %s',
  (PUBLIC_URL) => {
    expect(loadConfig({ PUBLIC_URL }).mail.links).toEqual({
      invitation: 'https://app.example.com/join',
      emailVerification: 'https://app.example.com/verify',
      passwordReset: 'https://app.example.com/reset',
    });
  },
);

test('the URL of a single page overrides PUBLIC_URL', () => {
  const { links } = loadConfig({
    PUBLIC_URL: 'https://example.com/app',
    INVITATION_URL: 'https://example.com/welcome?from=mail',
  }).mail;
  expect(links.invitation).toBe('https://example.com/welcome?from=mail');
  expect(links.passwordReset).toBe('https://example.com/app/reset');
});

test.each([
  'app.example.com',
  'https://app.example.com/?a=1',
  'https://a.example/#x',
  'ftp://a.example',
])('the PUBLIC_URL %j is rejected', (PUBLIC_URL) => {
  expect(listProblems({ PUBLIC_URL })).toEqual([
    expect.stringMatching(/^PUBLIC_URL must be a web/),
  ]);
});

test('a single problem is reported on one line', () => {
  expect(new ConfigError(['PORT must be a number']).message).toBe(
    'One setting is invalid: PORT must be a number',
  );
});

test.each([
  ['post@mail.example', { name: '', address: 'post@mail.example' }],
  ['Jackson & Co. <post@mail.example>', { name: 'Jackson & Co.', address: 'post@mail.example' }],
])('MAIL_FROM may be %s', (MAIL_FROM, from) => {
  expect(loadConfig({ MAIL_FROM }).mail.from).toEqual(from);
});

test.each(['nobody', 'a@b\nBcc: c@d', '"x" <a@b>', 'a <b>', '<a@b>'])(
  'the MAIL_FROM %j is rejected',
  (MAIL_FROM) => {
    expect(listProblems({ MAIL_FROM })).toHaveLength(1);
  },
);

test.each(['http://mail.example', 'hunter2', 'smtp://', 'smtp:hunter2@mail.example'])(
  'the mail server %j is rejected without its password being printed',
  (SMTP_URL) => {
    const [problem] = listProblems({ SMTP_URL });
    expect(problem).toContain('SMTP_URL must be a URL');
    expect(problem).not.toContain('hunter2');
  },
);

test('password hashing is never weaker than the published minimum', () => {
  expect(
    listProblems({ PASSWORD_HASH_MEMORY_KIB: '19455', PASSWORD_HASH_ITERATIONS: '1' }),
  ).toEqual([
    'PASSWORD_HASH_MEMORY_KIB must be a whole number from 19456 to 1048576, not "19455"',
    'PASSWORD_HASH_ITERATIONS must be a whole number from 2 to 20, not "1"',
  ]);
});

test('the table of settings prints .env.example (npx vitest run test/unit/config.test.ts -u)', async () => {
  await expect(printEnvExample()).toMatchFileSnapshot('../../.env.example');
});

test('the table of settings prints docs/settings.md (npx vitest run test/unit/config.test.ts -u)', async () => {
  await expect(printSettingsTable()).toMatchFileSnapshot('../../docs/settings.md');
});

test('.env.example with every line uncommented is valid except for the sample secret', () => {
  const lines = printEnvExample().matchAll(/^# ([A-Z][A-Z0-9_]+)=(.*)$/gm);
  const env = Object.fromEntries(Array.from(lines, ([, name = '', value = '']) => [name, value]));
  expect(Object.keys(env).length).toBeGreaterThan(30);
  expect(listProblems(env)).toEqual([expect.stringContaining('TENANTRY_SECRET')]);
});
