import type { ApiKey } from '../entities.ts';

/** A valid key; `permissions` are those of the key that its creator still has. */
export type LiveApiKey = { apiKey: ApiKey; creatorId: string; permissions: readonly string[] };
