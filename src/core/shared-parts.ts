import type { Database } from '../db/database.ts';
import type { Logger } from '../observability/logger.ts';
import type { CredentialCache } from './data/credential-cache.ts';

/** The resources that shared parts are made of. */
export type SharedResources = { db: Database; log: Logger; cache: CredentialCache };

type Part = object & { close?: () => Promise<void> };

/** The parts that all requests of a process share, such as batchers and write buffers. */
export type SharedParts = {
  /** Returns the part that `create` makes; makes it on first use. */
  get<P extends Part>(create: (resources: SharedResources) => P): P;
  /** Flushes and closes all parts. */
  close(): Promise<void>;
};

export function createSharedParts(resources: SharedResources): SharedParts {
  const parts = new Map<unknown, Part>();
  return {
    get<P extends Part>(create: (resources: SharedResources) => P): P {
      const known = parts.get(create);
      if (known !== undefined) return known as P;
      const part = create(resources);
      parts.set(create, part);
      return part;
    },
    async close() {
      for (const part of parts.values()) await part.close?.();
    },
  };
}

/**
 * Declares a part beside the code that uses it, and returns how to get it. A process that never uses it, such as a
 * command, never makes it.
 */
export function createShared<P extends Part>(
  create: (resources: SharedResources) => P,
): (runtime: { shared: SharedParts }) => P {
  return ({ shared }) => shared.get(create);
}
