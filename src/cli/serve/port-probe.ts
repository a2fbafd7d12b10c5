import { type AddressInfo, createServer } from 'node:net';
import { explainListenError, type ListenAddress } from '../../http/port-taken-error.ts';

/**
 * Makes sure, before anything is started or touched, that the port can be listened on; somebody may
 * still take it the next moment. Port 0 means any and always passes. Returns the port that was free.
 * Throws PortTakenError, and what the system says about an address that is not ours or a port we may not use.
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
