import type { builder } from './builder.ts';

type InputFields = Parameters<Parameters<typeof builder.inputType>[1]['fields']>[0];

/** The `idempotencyKey` field of every input that creates something; see core/idempotency.ts. */
export function idempotencyKeyField(t: InputFields) {
  return t.string({
    description:
      'Makes a retry safe: the same key with the same input returns the same response for 24 hours and creates nothing twice. 1 to 255 printable ASCII characters; a random UUID is best.',
  });
}
