import { createHmac, timingSafeEqual } from 'node:crypto';

/** 96 bits: forging a cursor takes some 2^96 requests, and cursors stay short. */
const macBytes = 12;
/** In characters, for encoding and decoding. */
const cursorLengthMax = 1024;

/** A value of a sort key. */
export type CursorValue = string | number | null;

/** Encodes and decodes the opaque positions with which clients request the next page. */
export type CursorCodec = {
  encode(binding: string, values: readonly CursorValue[]): string;
  decode(binding: string, cursor: string): readonly CursorValue[] | null;
};

/**
 * Creates a codec for page cursors: base64url of a 12-byte HMAC-SHA256 and the values as JSON. The values are signed,
 * not encrypted: put nothing into a cursor that its reader may not see.
 *
 * `encode` returns at most 1,024 characters, and throws RangeError for longer values or a number that is not finite,
 * which are bugs in the caller's sort key.
 *
 * `decode` returns null, and throws nothing, for anything that this codec did not encode with the same binding. The
 * comparison takes constant time.
 * @throws RangeError for an empty secret
 */
export function createCursorCodec(secret: Buffer | string): CursorCodec {
  if (secret.length === 0) throw new RangeError('The cursor secret must not be empty');

  function sign(binding: string, payload: Buffer): Buffer {
    // A JSON string holds no line break, so binding and payload cannot run into each other.
    const message = createHmac('sha256', secret).update(`cursor.v1\n${JSON.stringify(binding)}\n`);
    return message.update(payload).digest().subarray(0, macBytes);
  }

  return {
    encode(binding, values) {
      if (values.some((value) => typeof value === 'number' && !Number.isFinite(value))) {
        throw new RangeError('A cursor holds only finite numbers');
      }
      const payload = Buffer.from(JSON.stringify(values));
      const cursor = Buffer.concat([sign(binding, payload), payload]).toString('base64url');
      if (cursor.length <= cursorLengthMax) return cursor;
      throw new RangeError(`A cursor has at most ${cursorLengthMax} characters`);
    },

    decode(binding, cursor) {
      const bytes = decodeBase64Url(cursor);
      if (bytes === null || bytes.length <= macBytes) return null;
      const payload = bytes.subarray(macBytes);
      if (!timingSafeEqual(bytes.subarray(0, macBytes), sign(binding, payload))) return null;
      return parseValues(payload);
    },
  };
}

/** Strict, unlike Buffer: every cursor has exactly one spelling. */
function decodeBase64Url(cursor: string): Buffer | null {
  if (typeof cursor !== 'string' || cursor.length > cursorLengthMax) return null;
  const bytes = Buffer.from(cursor, 'base64url');
  return bytes.toString('base64url') === cursor ? bytes : null;
}

/** The signature is valid here; the checks matter if another service uses the same secret. */
function parseValues(payload: Buffer): readonly CursorValue[] | null {
  try {
    const values: unknown = JSON.parse(payload.toString());
    return Array.isArray(values) && values.every(isCursorValue) ? values : null;
  } catch {
    return null;
  }
}

function isCursorValue(value: unknown): value is CursorValue {
  return value === null || typeof value === 'string' || typeof value === 'number';
}
