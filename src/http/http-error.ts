import { GraphQLError } from 'graphql';

/**
 * An answer to a request that never becomes an operation: its HTTP status and a message for the
 * person who wrote the client. The code says only that the transport refused, the status says why.
 */
export function createHttpError(
  status: number,
  message: string,
  headers: Record<string, string> = {},
): GraphQLError {
  return new GraphQLError(message, {
    extensions: { code: 'BAD_REQUEST', http: { status, headers } },
  });
}
