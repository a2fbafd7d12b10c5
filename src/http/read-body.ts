import type { IncomingMessage } from 'node:http';
import { createHttpError } from './http-error.ts';

/**
 * Reads the whole body of a request, at most `bodyMaxBytes`; buffers nothing beyond that. The time limit is
 * the server's requestTimeout.
 * @throws GraphQLError 413, or an AbortError if the client disconnects
 */
export function readBody(req: IncomingMessage, bodyMaxBytes: number): Promise<Buffer> {
  const declared = Number(req.headers['content-length'] ?? 0);
  if (declared > bodyMaxBytes) return Promise.reject(createTooLarge(bodyMaxBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= bodyMaxBytes) chunks.push(chunk);
      else reject(createTooLarge(bodyMaxBytes));
    });
    req.on('end', () => {
      const [first] = chunks;
      resolve(first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks));
    });
    req.on('error', () => reject(createAborted()));
    req.on('close', () => {
      if (!req.complete) reject(createAborted());
    });
  });
}

function createTooLarge(bodyMaxBytes: number): Error {
  return createHttpError(413, `The request body is larger than ${bodyMaxBytes} bytes.`);
}

function createAborted(): Error {
  return new DOMException('The request ended before its body did.', 'AbortError');
}
