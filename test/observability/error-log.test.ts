import { expect, test } from 'vitest';
import { createLogger } from '../../src/observability/logger.ts';

function collect(format: 'pretty' | 'json') {
  const lines: string[] = [];
  return {
    lines,
    log: createLogger({ level: 'info', format }, { write: (line) => lines.push(line) }),
  };
}

test.each(['pretty', 'json'] as const)('%s lines never contain a secret', (format) => {
  const { lines, log } = collect(format);
  log.info({
    password: 'hunter2',
    token: 'hunter2',
    request: { headers: { authorization: 'Bearer hunter2', cookie: 'hunter2' } },
    input: { user: { newPassword: 'hunter2', 'set-cookie': 'hunter2' } },
  });
  expect(lines.join('')).not.toContain('hunter2');
  expect(lines.join('')).toContain('[redacted]');
});

test.each(['pretty', 'json'] as const)('%s lines cannot be forged', (format) => {
  const { lines, log } = collect(format);
  const hostile = 'a\n{"level":30,"msg":"fake"}\r\u001b[2J\u009b31m\u202e\u2028';
  log.info({ name: hostile }, hostile);
  log.error({ err: new Error(hostile) }, 'Failed');
  const text = lines.join('');
  expect(text).not.toMatch(/[^\P{Cc}\n]|[\u2028\u202e]/u);
  expect(text.split('\n').some((line) => line.startsWith('{"level":30,"msg":"fake"'))).toBe(false);
  expect(lines).toHaveLength(2);
});

test('an error is written without the certificate that Node attaches to it', () => {
  const { log, lines } = collect('json');
  const certificate: Record<string, unknown> = { raw: Buffer.from('bytes of a certificate') };
  certificate.issuerCertificate = certificate;
  const rejected = Object.assign(new Error('altnames'), { code: 'ERR_TLS_X', cert: certificate });
  log.error({ err: new AggregateError([rejected], 'all of them') }, 'Failed');
  log.error({ err: rejected }, 'Failed');
  for (const line of lines) {
    expect(line).toContain('ERR_TLS_X');
    expect(line).not.toMatch(/"raw"|issuerCertificate|unable to serialize/);
  }
});

test('an error is written with its stack and its cause', () => {
  const { lines, log } = collect('pretty');
  log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'Failed');
  expect(lines[0]).toContain('    Error: outer');
  expect(lines[0]).toContain('caused by: Error: inner');
});

test('lines below the level are not written', () => {
  const { lines, log } = collect('json');
  log.debug('quiet');
  expect(lines).toEqual([]);
});
