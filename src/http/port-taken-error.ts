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

/** Where to listen, and the setting that says so where it is not PORT. */
export type ListenAddress = { host: string; port: number; setting?: string };

/** The fault of listening as a person should read it: a taken port by its name, others as they are. */
export function explainListenError(
  error: NodeJS.ErrnoException,
  { host, port, setting = 'PORT' }: ListenAddress,
): Error {
  return error.code === 'EADDRINUSE' ? new PortTakenError(host, port, error, setting) : error;
}
