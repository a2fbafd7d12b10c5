import { connect, type Socket } from 'node:net';

/** What came back: the status (three digits; none where the connection broke) and the body. */
export type Reply = { status: string; body: string };

/** A keep-alive connection that has one request under way at most. */
export type Connection = {
  send: (request: string, onReply: (reply: Reply) => void) => void;
  isOpen: () => boolean;
  close: () => void;
};

const lengthForm = /\r\ncontent-length: (\d+)/i;

/**
 * Reads of HTTP just what the servers here write (a status, content-length, a body), because a client that
 * shares two cores with the server has to cost as little as it can. A connection that breaks fails what
 * is under way on it and every request after that.
 */
export function openConnection(port: number): Connection {
  let onReply: ((reply: Reply) => void) | null = null;
  let received = '';
  let isBroken = false;
  const settle = (reply: Reply) => {
    const told = onReply;
    onReply = null;
    received = '';
    told?.(reply);
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
    send(request, told) {
      if (isBroken) return told({ status: '', body: 'the connection was broken' });
      onReply = told;
      socket.write(request, 'latin1');
    },
    isOpen: () => !isBroken,
    close: () => socket.destroy(),
  };
}
