import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Team } from '../people.ts';
import type { Client, Reply } from './client.ts';

/** One request as its client saw it. */
export type Sample = {
  kind: 'read' | 'write';
  startedAt: number;
  endedAt: number;
  /** Null for success. */
  code: string | null;
};

/** A write that was wanted: its key, and whether anybody was told that it was done. */
export type Write = { key: string; team: Team; isAcknowledged: boolean };

/** A steady load of reads and of writes with idempotency keys, which notes all that it is told. */
export type Load = {
  samples: Sample[];
  writes: Write[];
  /** Answers that showed something of another tenant or person. */
  foreignAnswers: string[];
  /** Lets requests in flight end. */
  stop: () => Promise<void>;
};

export type LoadOptions = {
  teams: readonly Team[];
  readersPerTeam: number;
  /** Each client's pause between an answer and its next request. */
  pauseMs: number;
};

// What costs the same however many roles the writers have made: the rate after a fault is compared with that before.
const readQuery = `query ($id: ID!) {
  viewer { user { id email } }
  tenant(id: $id) {
    id slug auditEvents(first: 10) { edges { node { actor { ... on User { email } } } } }
  }
}`;

const writeQuery = `mutation ($input: CreateRoleInput!) {
  createRole(input: $input) { ... on CreateRoleSuccess { role { key } } ... on Error { code } }
}`;

/** Starts it: for each team some readers and one writer, who each ask one thing at a time. */
export function startLoad(client: Client, options: LoadOptions): Load {
  const samples: Sample[] = [];
  const writes: Write[] = [];
  const foreignAnswers: string[] = [];
  let isOver = false;
  const loop = async (kind: Sample['kind'], once: () => Promise<string | null>) => {
    while (!isOver) {
      const startedAt = performance.now();
      const code = await once();
      samples.push({ kind, startedAt, endedAt: performance.now(), code });
      await sleep(options.pauseMs);
    }
  };
  const read = async (team: Team) => {
    const text = await post(client, team, readQuery, { id: team.tenantId });
    if (text.code === null && !isOwn(text.data, team)) foreignAnswers.push(JSON.stringify(text));
    return text.code;
  };
  const write = async (team: Team) => {
    const noted: Write = { key: `w-${randomUUID()}`, team, isAcknowledged: false };
    writes.push(noted);
    return sendWrite(client, noted);
  };
  const loops = options.teams.flatMap((team) => [
    ...Array.from({ length: options.readersPerTeam }, () => loop('read', () => read(team))),
    loop('write', () => write(team)),
  ]);
  return {
    samples,
    writes,
    foreignAnswers,
    async stop() {
      isOver = true;
      await Promise.all(loops);
    },
  };
}

/** Sends a write, for the first time or again, and notes its acknowledgement; the code of an error. */
export async function sendWrite(client: Client, write: Write): Promise<string | null> {
  const { key, team } = write;
  const { tenantId } = team;
  const role = { key, name: `The ${key}`, permissions: ['tenant:read'], idempotencyKey: key };
  const { code } = await post(client, team, writeQuery, { input: { tenantId, ...role } });
  if (code === null) write.isAcknowledged = true;
  return code;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
type Parsed = { code: string | null; data: any };

async function post(client: Client, team: Team, query: string, variables: object): Promise<Parsed> {
  const body = JSON.stringify({ query, variables });
  return parse(await client.post(body, team.owner.token));
}

/** The code of whichever way it was refused; answers that are no GraphQL count by their status. */
function parse(reply: Reply): Parsed {
  if ('fault' in reply) return { code: reply.fault, data: null };
  try {
    const { data, errors } = JSON.parse(reply.text);
    if (errors) return { code: errors[0]?.extensions?.code ?? `HTTP ${reply.status}`, data };
    return { code: data.createRole?.code ?? null, data };
  } catch {
    return { code: `HTTP ${reply.status}`, data: null };
  }
}

/** A viewer who is not signed in is told so by null, which is wrong here as well. */
function isOwn(data: Parsed['data'], team: Team): boolean {
  const emails: string[] = data.tenant?.auditEvents.edges.map(
    ({ node }: { node: { actor: { email: string } } }) => node.actor.email,
  );
  return (
    data.viewer?.user.id === team.owner.userId &&
    data.tenant?.id === team.tenantId &&
    data.tenant.slug === team.slug &&
    emails.every((email) => email === team.owner.email)
  );
}
