import { createServer } from 'node:net';

/** A TCP port of 127.0.0.1 that nobody listens on at this moment; somebody may take it the next. */
export async function findFreePort(): Promise<number> {
  return tryListen(0);
}

/** Whether nobody listens on this port of 127.0.0.1 at this moment. */
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
