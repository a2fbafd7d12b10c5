import type { ServerLog } from './cluster.ts';
import { readRuns } from './plans.ts';
import { addRuns, type StatementsByText } from './statements.ts';

// biome-ignore lint/suspicious/noExplicitAny: responses of any shape.
export type Data = any;

/** Sends an operation, recorded under `name`, and returns its data. Throws if it fails. */
export type Play = (name: string, document: string, token?: string | null) => Promise<Data>;

export type Player = {
  play: Play;
  /** Runs work that is not an operation, such as a job, and records its statements. */
  record: (name: string, work: () => Promise<unknown>) => Promise<void>;
  /** All documents that were sent. */
  documents: string[];
  statements: StatementsByText;
};

/** Operations must be sent one at a time, so that every new plan in the log belongs to the current one. */
export function createPlayer(url: string, log: ServerLog): Player {
  const documents: string[] = [];
  const statements: StatementsByText = new Map();
  const record = async (name: string, work: () => Promise<unknown>) => {
    const before = await log.size();
    await work();
    addRuns(statements, name, readRuns(await log.readFrom(before)));
  };
  const play: Play = async (name, document, token = null) => {
    documents.push(document);
    let data: Data;
    await record(name, async () => {
      data = await request(url, document, token);
      const rejection = Object.values<Data>(data).find((value) => value?.code);
      if (rejection)
        throw new Error(`${name} was rejected: ${JSON.stringify(rejection)}\n${document}`);
    });
    return data;
  };
  return { play, record, documents, statements };
}

/** Sends an operation without recording it. Throws if it fails. */
export async function request(url: string, query: string, token: string | null): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: unknown };
  if (errors) throw new Error(`${JSON.stringify(errors)}\n${query}`);
  return data;
}
