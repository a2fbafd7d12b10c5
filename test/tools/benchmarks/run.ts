import path from 'node:path';

// `npm run bench -- <name>`: runs one benchmark and passes on the other arguments.

/** The subject of each benchmark. */
const benchmarks: Readonly<Record<string, string>> = {
  operations: 'hot operations against raw statements, PostGraphile and no cache (the default)',
  overload: 'ten times the load that one process can handle',
  revocation: 'how long a revoked credential is still accepted',
  'row-security': 'the cost of scopes and row security',
  'mail-timing': 'whether response times reveal which addresses have an account',
  'sign-in-timing': 'the same for sign-in',
  tracing: 'the cost of traces',
  'user-import': 'rows imported per second',
};

const [first = '', ...others] = process.argv.slice(2);
const isNamed = first !== '' && !first.startsWith('-');
const name = isNamed ? first : 'operations';
if (Object.hasOwn(benchmarks, name)) {
  // Each benchmark reads its own arguments.
  const file = path.join(import.meta.dirname, `${name}.ts`);
  process.argv = [process.argv[0] ?? '', file, ...(isNamed ? others : process.argv.slice(2))];
  await import(file);
} else {
  const lines = Object.entries(benchmarks).map(([known, about]) => `  ${known.padEnd(16)}${about}`);
  process.stderr.write(
    `There is no benchmark "${name}". npm run bench -- <name>:\n${lines.join('\n')}\n`,
  );
  process.exitCode = 2;
}
