import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Fault } from '../../support/faults/fault.ts';
import { pass } from '../../support/faults/stage.ts';

const socketsCount = 500;

/** Clients that start a request and then send one byte a second. */
export const fault: Fault = {
  name: `slow-loris: ${socketsCount} sockets, a byte a second`,
  async inject({ servers }, { isQuick }) {
    const { port, hostname } = new URL(servers[0]?.url ?? '');
    const sockets: Socket[] = [];
    for (let count = 0; count < socketsCount; count += 1) {
      const socket = connect(Number(port), hostname).on('error', () => undefined);
      // Without reading, the close would never be noticed.
      socket.resume();
      sockets.push(socket);
      await once(socket, 'connect');
      socket.write('POST /graphql HTTP/1.1\r\nhost: x\r\nx-slow: ');
    }
    const seconds = isQuick ? 8 : 10;
    for (let second = 0; second < seconds; second += 1) {
      for (const socket of sockets) if (socket.writable) socket.write('a');
      await pass(1);
    }
    const open = sockets.filter(({ closed }) => !closed).length;
    for (const socket of sockets) socket.destroy();
    if (open > 0) throw new Error(`${open} of the slow sockets were still open after ${seconds} s`);
    return `all closed within ${seconds} s`;
  },
  expectation: { words: 'they are closed within 10 s; other clients are served', codes: [] },
};
