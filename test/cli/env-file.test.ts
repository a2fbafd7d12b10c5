import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tenantry-env-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = () => path.join(folder, '.env');
const root = new URL('../../', import.meta.url);

/** Runs Node in the folder of the .env, with PATH and HOME as its only environment. */
function runNode(args: string[], input: Buffer = Buffer.from('')) {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, env, input });
  return { status, stdout: stdout.toString(), stderr: stderr.toString() };
}

function readPortAndLevel() {
  const script = `import { readConfig } from '${new URL('src/config.ts', root)}';
    const { server, log } = readConfig();
    console.log(JSON.stringify([server.port, log.level]));`;
  const { stdout, stderr } = runNode(['--input-type=module', '--eval', script]);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

const lines = 'PORT=4791\nLOG_LEVEL=warn\n';
const bom = '\ufeff';
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

describe('every line of .env is read, including the first,', () => {
  test.each([
    ['in UTF-8', Buffer.from(lines)],
    ['in UTF-8 with a byte order mark', Buffer.from(bom + lines)],
    [
      'with a byte order mark and Windows line ends',
      Buffer.from(bom + lines.replaceAll('\n', '\r\n')),
    ],
    ['without a final line end', Buffer.from(bom + lines.trimEnd())],
    ['in quotes', Buffer.from(`${bom}PORT="4791"\r\nLOG_LEVEL='warn'\r\n`)],
    ['with export, as in shells', Buffer.from(`${bom}export PORT=4791\nexport LOG_LEVEL=warn\n`)],
    [
      'in little-endian UTF-16, as Windows PowerShell writes it',
      Buffer.from(bom + lines, 'utf16le'),
    ],
    ['in big-endian UTF-16', utf16be(bom + lines)],
  ])('%s', (_, bytes) => {
    writeFileSync(file(), bytes);
    expect(readPortAndLevel()).toEqual([4791, 'warn']);
  });

  test('and an empty file, or one with only a mark, changes no setting', () => {
    for (const text of ['', bom]) {
      writeFileSync(file(), text);
      expect(readPortAndLevel()).toEqual([4000, 'info']);
    }
  });
});

describe('a .env that cannot be read stops the start in one line', () => {
  const migrate = () => runNode([fileURLToPath(new URL('src/cli/tenantry.js', root)), 'migrate']);

  test.each([
    ['in Latin-1', Buffer.from('MAIL_FROM=Büro <a@b.example>\n', 'latin1')],
    ['in UTF-16 without a mark', Buffer.from(lines, 'utf16le')],
    ['cut off within a character', Buffer.from('MAIL_FROM=B\u00fc').subarray(0, -1)],
  ])('%s', (_, bytes) => {
    writeFileSync(file(), bytes);
    const { status, stdout, stderr } = migrate();
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('.env is not UTF-8 text; write it as UTF-8');
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test('because it is a folder', () => {
    rmSync(file());
    mkdirSync(file());
    const { status, stderr } = migrate();
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('.env could not be read (EISDIR)'),
    ]);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe('a password from standard input is the first line only', () => {
  const read = (input: Buffer) => {
    const script = `import { readPasswordFromInput } from '${new URL('src/cli/prompt.ts', root)}';
      console.log(JSON.stringify(await readPasswordFromInput()));`;
    return runNode(['--input-type=module', '--eval', script], input);
  };

  test.each([
    ['plain', Buffer.from('pässword 🏃')],
    ['with a byte order mark and a Windows line end', Buffer.from(`${bom}pässword 🏃\r\nmore\n`)],
    ['in UTF-16 with a mark', Buffer.from(`${bom}pässword 🏃\r\n`, 'utf16le')],
  ])('%s', (_, input) => {
    expect(JSON.parse(read(input).stdout)).toBe('pässword 🏃');
  });

  test('and input that is not text is rejected', () => {
    const { stdout, stderr } = read(Buffer.from('pässword', 'latin1'));
    expect([stdout, stderr]).toEqual([
      '',
      expect.stringContaining('Standard input is not UTF-8 text'),
    ]);
  });
});
