import { type AddressInfo, createServer } from 'node:net';
import { explainListenError, type ListenAddress } from '../../http/port-taken-error.ts';

/**
 * Verifies before the start that the port is free, and returns it; another program may still take it the next moment.
 * Port 0 means any free port. Throws PortTakenError, and the system's error for a foreign address or a privileged port.
 */
export function verifyPortFree({ host, port, setting }: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      reject(explainListenError(error, { host, port, ...(setting ? { setting } : {}) }));
    });
    probe.listen({ host, port, exclusive: true }, () => {
      const { port: found } = probe.address() as AddressInfo;
      probe.close(() => resolve(found));
    });
  });
}
