/** Another process has the port; the message is the one line to print. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';

  constructor(host: string, port: number, cause: unknown, setting = 'PORT') {
    super(
      `Port ${port} on ${host} is taken by another process. Stop it, or set ${setting} to a free one.`,
      {
        cause,
      },
    );
  }
}

/** The address to listen on, and the setting for its port (PORT by default). */
export type ListenAddress = { host: string; port: number; setting?: string };

/** Turns EADDRINUSE into a PortTakenError; returns any other error unchanged. */
export function explainListenError(
  error: NodeJS.ErrnoException,
  { host, port, setting = 'PORT' }: ListenAddress,
): Error {
  return error.code === 'EADDRINUSE' ? new PortTakenError(host, port, error, setting) : error;
}
