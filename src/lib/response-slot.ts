import { createHmac, hkdfSync } from 'node:crypto';
import { createSealer, type Sealer } from './sealer.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** Where an answer is kept, and what it is kept with. */
export type ResponseSlot = {
  /** 32 bytes that tell nothing of what they were made from. */
  id: Bytes;
  /** A request's key in 32 bytes: equal for equal text only. */
  fingerprint: (question: string) => Bytes;
  sealer: Sealer;
};

/**
 * Makes slots by name. Everything in one is derived, each part for its own purpose, from the server's
 * secret *and* the name (HKDF with SHA-256, RFC 5869), of which it keeps neither: anyone who has read the
 * database, and even knows the secret, can open no answer and test no guess at a question without
 * the name. So a name should hold something that nobody can guess. Throws nothing.
 */
export function createResponseSlots(secret: string): (name: string) => ResponseSlot {
  return (name) => {
    const material = JSON.stringify([secret, name]);
    const fingerprintKey = derive(material, 'fingerprint');
    return {
      id: derive(material, 'id'),
      fingerprint: (question) =>
        new Uint8Array(createHmac('sha256', fingerprintKey).update(question).digest()),
      sealer: createSealer(material, 'answer'),
    };
  };
}

function derive(material: string, purpose: string): Bytes {
  return new Uint8Array(hkdfSync('sha256', material, '', `tenantry.answer.v1 ${purpose}`, 32));
}
