import type { ApiKey } from '../entities.ts';

/** A key that is good now, and what it may do: of its permissions those that its creator has. */
export type LiveApiKey = { apiKey: ApiKey; creatorId: string; permissions: readonly string[] };
