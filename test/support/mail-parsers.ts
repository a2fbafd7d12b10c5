import { spawnSync } from 'node:child_process';
import { simpleParser } from 'mailparser';

/** The headers of a mail as a mail program shows them. */
export type ReadHeaders = {
  subject: string;
  /** Display name and address of each sender and recipient. */
  from: [name: string, address: string][];
  to: [name: string, address: string][];
  /** Names of all headers, in lower case, sorted. */
  names: string[];
};

/** Reads mails with `mailparser`, which many mail programs use. */
export function readWithMailparser(mails: readonly Buffer[]): Promise<ReadHeaders[]> {
  return Promise.all(
    mails.map(async (raw) => {
      const { subject = '', from, to, headerLines } = await simpleParser(raw);
      const list = (field: typeof to) =>
        [field ?? []]
          .flat()
          .flatMap(({ value }) => value)
          .map(({ name, address = '' }): [string, string] => [name, address]);
      const names = headerLines.map(({ key }) => key).sort();
      return { subject, from: list(from), to: list(to), names };
    }),
  );
}

const script = `
import base64, email, email.policy, json, sys
def read(raw):
    m = email.message_from_bytes(base64.b64decode(raw), policy=email.policy.default)
    people = lambda field: [[a.display_name, a.addr_spec] for a in field.addresses]
    return {'subject': str(m['subject']), 'from': people(m['from']), 'to': people(m['to']),
            'names': sorted(name.lower() for name in m.keys())}
print(json.dumps([read(raw) for raw in json.load(sys.stdin)]))
`;

/** Whether Python is installed, whose parser shares no code with nodemailer or mailparser. */
export const hasPython = spawnSync('python3', ['-c', 'import email.policy']).status === 0;
if (!hasPython) console.warn('SKIPPED: mails are not read with Python, since there is no python3');

/** Reads mails with Python's `email`, all in one process. */
export function readWithPython(mails: readonly Buffer[]): ReadHeaders[] {
  const input = JSON.stringify(mails.map((raw) => raw.toString('base64')));
  const { status, stdout, stderr } = spawnSync('python3', ['-c', script], {
    input,
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  });
  if (status !== 0) throw new Error(`Python could not read the mails: ${stderr}`);
  return JSON.parse(stdout) as ReadHeaders[];
}
