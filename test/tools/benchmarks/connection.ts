import { connect, type Socket } from 'node:net';

/** The status of a response (three digits; empty if the connection broke) and its body. */
export type Reply = { status: string; body: string };

/** A keep-alive connection with at most one request in flight. */
export type Connection = {
  send: (request: string, onReply: (reply: Reply) => void) => void;
  isOpen: () => boolean;
  close: () => void;
};

const lengthForm = /\r\ncontent-length: (\d+)/i;

/**
 * Opens a connection that parses only the HTTP that these servers write (status, content-length and body), since a client
 * on the same machine must use little CPU. If the connection breaks, its current and all later requests fail.
 */
export function openConnection(port: number): Connection {
  let onReply: ((reply: Reply) => void) | null = null;
  let received = '';
  let isBroken = false;
  const settle = (reply: Reply) => {
    const deliver = onReply;
    onReply = null;
    received = '';
    deliver?.(reply);
  };
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    received += chunk;
    const bodyAt = received.indexOf('\r\n\r\n') + 4;
    if (bodyAt < 4) return;
    const length = Number(lengthForm.exec(received)?.[1] ?? 0);
    if (received.length < bodyAt + length) return;
    settle({ status: received.slice(9, 12), body: received.slice(bodyAt) });
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    isBroken = true;
    settle({ status: '', body: 'the connection broke' });
  });
  return {
    send(request, callback) {
      if (isBroken) return callback({ status: '', body: 'the connection was broken' });
      onReply = callback;
      socket.write(request, 'latin1');
    },
    isOpen: () => !isBroken,
    close: () => socket.destroy(),
  };
}
