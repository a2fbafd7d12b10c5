import type { ServerLog } from './arena.ts';
import { readRuns } from './plans.ts';
import { enter, type Ledger } from './statements.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
export type Data = any;

/** Sends an operation by its name and returns its data. Throws an Error when it is refused. */
export type Play = (name: string, document: string, token?: string | null) => Promise<Data>;

export type Player = {
  play: Play;
  /** Enters what was done by something else than an operation, as a job. */
  note: (name: string, work: () => Promise<unknown>) => Promise<void>;
  /** What was sent, for the check that nothing was forgotten. */
  documents: string[];
  ledger: Ledger;
};

/** Plays operations one after the other, so that every plan in the log belongs to the one at hand. */
export function createPlayer(url: string, log: ServerLog): Player {
  const documents: string[] = [];
  const ledger: Ledger = new Map();
  const note = async (name: string, work: () => Promise<unknown>) => {
    const before = await log.size();
    await work();
    enter(ledger, name, readRuns(await log.readFrom(before)));
  };
  const play: Play = async (name, document, token = null) => {
    documents.push(document);
    let data: Data;
    await note(name, async () => {
      data = await ask(url, document, token);
      const rejection = Object.values<Data>(data).find((value) => value?.code);
      if (rejection)
        throw new Error(`${name} was refused: ${JSON.stringify(rejection)}\n${document}`);
    });
    return data;
  };
  return { play, note, documents, ledger };
}

/** Sends an operation that nobody enters. Throws an Error when it fails. */
export async function ask(url: string, query: string, token: string | null): Promise<Data> {
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
