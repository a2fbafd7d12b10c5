import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const sweepIntervalMs = 50;

/**
 * A function that closes the server: nothing new is accepted, connections without a request end at
 * once, those with one when it is answered, and all that is left after `graceMs` is cut.
 */
export function createDrain(node: Server): (graceMs: number) => Promise<void> {
  // Browsers open connections ahead of need; node:http does not count those among the idle ones.
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
    // A connection whose last answer was already under way stays open for the next request.
    const sweep = setInterval(() => node.closeIdleConnections(), sweepIntervalMs);
    const cut = setTimeout(() => node.closeAllConnections(), graceMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(cut);
  };
}
