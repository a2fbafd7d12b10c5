import { randomBytes } from 'node:crypto';

/** A well-formed argon2id hash of no known password, since a real one takes long to compute. */
export function createPhcHash(): string {
  const encode = (bytes: number) => randomBytes(bytes).toString('base64').replaceAll('=', '');
  return `$argon2id$v=19$m=19456,t=2,p=1$${encode(16)}$${encode(32)}`;
}

const header = 'email,name,locale,metadata,emailVerified,passwordHash,createdAt\n';

/** The lines of a CSV file of users numbered from `first`, each with a hash of its own. */
export function* createCsv(first: number, count: number, { hasHeader = true } = {}) {
  if (hasHeader) yield header;
  for (let number = first; number < first + count; number += 1) {
    const metadata = `"{""legacyId"":${number},""plan"":""team""}"`;
    const cells = [
      `settler-${number}@imported.example`,
      `"Settler, ${number}"`,
      'en-GB',
      metadata,
      'true',
      `"${createPhcHash()}"`,
      '2021-05-31T09:30:00Z',
    ];
    yield `${cells.join(',')}\n`;
  }
}
