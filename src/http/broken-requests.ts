import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createHttpError } from './http-error.ts';
import { getRequestId } from './request-info.ts';
import { createErrorResponse } from './response.ts';

const rejections: Record<string, [status: number, reason: string, message: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request took too long to arrive.'],
  HPE_HEADER_OVERFLOW: [
    431,
    'Request Header Fields Too Large',
    'The request headers are too large.',
  ],
};

/**
 * Responds to bytes that node:http could not parse as a request, then closes the connection. The
 * default of node:http has neither a request id nor a body.
 */
export function rejectBrokenRequest(error: Error & { code?: string }, socket: Duplex): void {
  const hasResponse = (socket as Socket & { _httpMessage?: { headersSent: boolean } })._httpMessage
    ?.headersSent;
  if (error.code === 'ECONNRESET' || !socket.writable || hasResponse) {
    socket.destroy();
    return;
  }
  const [status, reason, message] = rejections[error.code ?? ''] ?? [
    400,
    'Bad Request',
    'This is not a valid HTTP request.',
  ];
  const { headers, body } = createErrorResponse(createHttpError(status, message));
  const lines = Object.entries({
    ...headers,
    'x-request-id': getRequestId(null),
    'content-length': String(Buffer.byteLength(String(body))),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n${body}`);
}
