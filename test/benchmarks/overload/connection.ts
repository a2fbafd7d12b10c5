import { connect, type Socket } from 'node:net';

/** What an answer says of the server: done, turned away (503), or anything that may not happen. */
export type Outcome = 'accepted' | 'refused' | 'failed';

/** A keep-alive connection that has one request under way at most. */
export type Connection = {
  send: (request: string, onReply: (outcome: Outcome, text: string) => void) => void;
  isOpen: () => boolean;
  close: () => void;
};

const lengthForm = /\r\ncontent-length: (\d+)/i;

/**
 * Reads of HTTP just what this server writes (a status, content-length, a body), because a client that
 * shares two cores with the server has to cost as little as it can. A connection that breaks fails what
 * is under way on it and every request after that.
 */
export function openConnection(port: number): Connection {
  let onReply: ((outcome: Outcome, text: string) => void) | null = null;
  let received = '';
  let isBroken = false;
  const settle = (outcome: Outcome, text: string) => {
    const told = onReply;
    onReply = null;
    received = '';
    told?.(outcome, text);
  };
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    const bodyAt = received.indexOf('\r\n\r\n') + 4;
    if (bodyAt < 4) return;
    const length = Number(lengthForm.exec(received)?.[1] ?? 0);
    if (received.length >= bodyAt + length) settle(judge(received, bodyAt), received);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    isBroken = true;
    settle('failed', 'the connection broke');
  });
  return {
    send(request, told) {
      if (isBroken) return told('failed', 'the connection was broken');
      onReply = told;
      socket.write(request, 'latin1');
    },
    isOpen: () => !isBroken,
    close: () => socket.destroy(),
  };
}

/** A GraphQL failure has status 200 too; `code` is asked for in every result that can be a refusal. */
function judge(text: string, bodyAt: number): Outcome {
  const status = text.slice(9, 12);
  if (status === '503') return 'refused';
  const isGood =
    status === '200' &&
    text.startsWith('{"data":', bodyAt) &&
    !text.includes('"errors":', bodyAt) &&
    !text.includes('"code":', bodyAt);
  return isGood ? 'accepted' : 'failed';
}
