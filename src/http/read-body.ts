import type { IncomingMessage } from 'node:http';
import { createHttpError } from './http-error.ts';

/**
 * The whole body of a request, at most `bodyMaxBytes`. Stops reading at the cap instead of holding
 * what a caller chooses to send; how long the caller may take is the server's requestTimeout.
 * Throws an error with status 413, or an AbortError when the caller is gone.
 */
export function readBody(req: IncomingMessage, bodyMaxBytes: number): Promise<Buffer> {
  const announced = Number(req.headers['content-length'] ?? 0);
  if (announced > bodyMaxBytes) return Promise.reject(createTooLarge(bodyMaxBytes));
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
