import { createServer } from 'node:net';

/** A free TCP port of 127.0.0.1; another program may take it the next moment. */
export async function findFreePort(): Promise<number> {
  return tryListen(0);
}

/** Whether this port of 127.0.0.1 is free at the moment. */
export async function isPortFree(port: number): Promise<boolean> {
  return tryListen(port).then(
    () => true,
    () => false,
  );
}

function tryListen(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port: wanted, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      const port = address && typeof address === 'object' ? address.port : wanted;
      server.close(() => resolve(port));
    });
  });
}
