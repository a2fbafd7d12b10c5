import { createHmac, hkdfSync } from 'node:crypto';
import { createSealer, type Sealer } from './sealer.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** The storage key of an idempotent result, and its sealer. */
export type ResponseSlot = {
  /** 32 bytes that reveal nothing about the name. */
  id: Bytes;
  /** A keyed hash of an input, 32 bytes. */
  fingerprint: (input: string) => Bytes;
  sealer: Sealer;
};

/**
 * Creates slots by name. Each part is derived for its own purpose from the server's secret *and* the name (HKDF with
 * SHA-256, RFC 5869), and neither is stored: without the name, even someone with the database and the secret can
 * neither open a result nor test guesses of an input. So a name should be hard to guess. Throws nothing.
 */
export function createResponseSlots(secret: string): (name: string) => ResponseSlot {
  return (name) => {
    const material = JSON.stringify([secret, name]);
    const fingerprintKey = derive(material, 'fingerprint');
    return {
      id: derive(material, 'id'),
      fingerprint: (input) =>
        new Uint8Array(createHmac('sha256', fingerprintKey).update(input).digest()),
      sealer: createSealer(material, 'answer'),
    };
  };
}

function derive(material: string, purpose: string): Bytes {
  return new Uint8Array(hkdfSync('sha256', material, '', `tenantry.answer.v1 ${purpose}`, 32));
}
