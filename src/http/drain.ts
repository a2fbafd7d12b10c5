import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const sweepIntervalMs = 50;

/**
 * Returns a function that closes the server: it accepts no new connections, closes idle ones at once and
 * busy ones after their response, and cuts all that remain after `graceMs`.
 */
export function createDrain(node: Server): (graceMs: number) => Promise<void> {
  // Browsers open connections in advance; node:http does not count those as idle.
  const unused = new Set<Socket>();
  node.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  node.on('request', (req) => unused.delete(req.socket));
  return async (graceMs) => {
    if (!node.listening) return;
    const closed = new Promise<void>((resolve) => {
      node.close(() => resolve());
    });
    for (const socket of unused) socket.destroy();
    // A connection that was sending its last response stays open for the next request.
    const sweep = setInterval(() => node.closeIdleConnections(), sweepIntervalMs);
    const cut = setTimeout(() => node.closeAllConnections(), graceMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(cut);
  };
}
