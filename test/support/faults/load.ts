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

/** A write with its key, and whether its client has received the success. */
export type Write = { key: string; team: Team; isAcknowledged: boolean };

/** A steady load of reads and of writes with idempotency keys that records every outcome. */
export type Load = {
  samples: Sample[];
  writes: Write[];
  /** Results with data of another tenant or user. */
  foreignResults: string[];
  /** Stops after the requests in flight. */
  stop: () => Promise<void>;
};

export type LoadOptions = {
  teams: readonly Team[];
  readersPerTeam: number;
  /** The pause of each client between a response and its next request. */
  pauseMs: number;
};

// Its cost does not grow with the number of roles, so that rates before and after a fault are comparable.
const readQuery = `query ($id: ID!) {
  viewer { user { id email } }
  tenant(id: $id) {
    id slug auditEvents(first: 10) { edges { node { actor { ... on User { email } } } } }
  }
}`;

const writeQuery = `mutation ($input: CreateRoleInput!) {
  createRole(input: $input) { ... on CreateRoleSuccess { role { key } } ... on Error { code } }
}`;

/** Starts the readers and one writer of each team, each with one request at a time. */
export function startLoad(client: Client, options: LoadOptions): Load {
  const samples: Sample[] = [];
  const writes: Write[] = [];
  const foreignResults: string[] = [];
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
    if (text.code === null && !isOwn(text.data, team)) foreignResults.push(JSON.stringify(text));
    return text.code;
  };
  const write = async (team: Team) => {
    const recorded: Write = { key: `w-${randomUUID()}`, team, isAcknowledged: false };
    writes.push(recorded);
    return sendWrite(client, recorded);
  };
  const loops = options.teams.flatMap((team) => [
    ...Array.from({ length: options.readersPerTeam }, () => loop('read', () => read(team))),
    loop('write', () => write(team)),
  ]);
  return {
    samples,
    writes,
    foreignResults,
    async stop() {
      isOver = true;
      await Promise.all(loops);
    },
  };
}

/** Sends a write, perhaps again, and records its acknowledgement. Returns the code of an error, or null. */
export async function sendWrite(client: Client, write: Write): Promise<string | null> {
  const { key, team } = write;
  const { tenantId } = team;
  const role = { key, name: `The ${key}`, permissions: ['tenant:read'], idempotencyKey: key };
  const { code } = await post(client, team, writeQuery, { input: { tenantId, ...role } });
  if (code === null) write.isAcknowledged = true;
  return code;
}

// biome-ignore lint/suspicious/noExplicitAny: responses of every shape.
type Parsed = { code: string | null; data: any };

async function post(client: Client, team: Team, query: string, variables: object): Promise<Parsed> {
  const body = JSON.stringify({ query, variables });
  return parse(await client.post(body, team.owner.token));
}

/** The code of an error from the union or the top level, or the status of a response that is not GraphQL. */
function parse(reply: Reply): Parsed {
  if ('failure' in reply) return { code: reply.failure, data: null };
  try {
    const { data, errors } = JSON.parse(reply.text);
    if (errors) return { code: errors[0]?.extensions?.code ?? `HTTP ${reply.status}`, data };
    return { code: data.createRole?.code ?? null, data };
  } catch {
    return { code: `HTTP ${reply.status}`, data: null };
  }
}

/** Whether the data is of this team. A viewer of null, which is not signed in, is wrong as well. */
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
