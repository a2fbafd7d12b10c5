import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** Authenticated encryption of stored text. */
export type Sealer = {
  seal(text: string): Uint8Array<ArrayBuffer>;
  open(sealed: Uint8Array): string | null;
};

/**
 * Creates a sealer with its own key per `purpose`, derived from the server's secret (HKDF with SHA-256, RFC 5869), so
 * that text sealed for one purpose cannot be opened for another.
 *
 * `seal` returns nonce, AES-256-GCM ciphertext and tag, concatenated. The nonce has 96 random bits: NIST SP 800-38D
 * allows 2^32 texts per key. `open` returns null, and throws nothing, for text that was sealed otherwise or changed.
 */
export function createSealer(secret: string, purpose: string): Sealer {
  const key = Buffer.from(hkdfSync('sha256', secret, '', `tenantry.seal.v1 ${purpose}`, 32));
  return {
    seal(text) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce);
      const body = [cipher.update(text, 'utf8'), cipher.final()];
      return new Uint8Array(Buffer.concat([nonce, ...body, cipher.getAuthTag()]));
    },
    open(sealed) {
      if (sealed.length < nonceBytes + tagBytes) return null;
      const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes));
      decipher.setAuthTag(sealed.subarray(-tagBytes));
      try {
        const body = sealed.subarray(nonceBytes, -tagBytes);
        return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
      } catch {
        return null;
      }
    },
  };
}
