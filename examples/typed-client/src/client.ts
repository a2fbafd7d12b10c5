import type { TadaDocumentNode } from 'gql.tada';
import { print } from 'graphql';

/** The operation was not executed, or not to its end: limits, a missing sign-in, a fault of the server. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  readonly code: string;
  /** For the operators, who find it in the log. */
  readonly requestId: string | null;

  constructor(message: string, { code, requestId }: { code: string; requestId: string | null }) {
    super(message);
    this.code = code;
    this.requestId = requestId;
  }
}

export type Client = {
  ask: <Data, Variables>(
    document: TadaDocumentNode<Data, Variables>,
    variables: Variables,
  ) => Promise<Data>;
};

type Body<Data> = {
  data?: Data | null;
  errors?: { message: string; extensions?: { code?: string } }[];
};

/** Sends operations with a token, or without one for null. `ask` throws OperationError. */
export function createClient(url: string, token: string | null): Client {
  return {
    async ask<Data, Variables>(
      document: TadaDocumentNode<Data, Variables>,
      variables: Variables,
    ): Promise<Data> {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ query: print(document), variables }),
      });
      const { data, errors } = (await response.json()) as Body<Data>;
      if (data && !errors) return data;
      const [error] = errors ?? [];
      throw new OperationError(error?.message ?? `status ${response.status}`, {
        code: error?.extensions?.code ?? 'INTERNAL',
        requestId: response.headers.get('x-request-id'),
      });
    },
  };
}
