import { GraphQLError } from 'graphql';

/**
 * An error for a request that never becomes an operation: an HTTP status and a message for the client's
 * developer. The code is always BAD_REQUEST; the status says why.
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
