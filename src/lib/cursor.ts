import { createHmac, timingSafeEqual } from 'node:crypto';

/** 96 bits: forging one cursor takes some 2^96 tries at the server, and a cursor stays short. */
const macBytes = 12;
/** Longest cursor made or read, in characters. */
const cursorLengthMax = 1024;

/** One value of a sort key. */
export type CursorValue = string | number | null;

/** Makes and reads the opaque positions clients hand back to ask for the next page. */
export type CursorCodec = {
  encode(binding: string, values: readonly CursorValue[]): string;
  decode(binding: string, cursor: string): readonly CursorValue[] | null;
};

/**
 * Makes a codec for page cursors: base64url of a 12-byte HMAC-SHA256 followed by the values as
 * JSON. `secret` is any length but empty, else a RangeError.
 *
 * The values are signed, not hidden: put nothing into a cursor that its reader may not see.
 *
 * `encode` promises a cursor of at most 1,024 characters, or throws RangeError where the values are
 * longer than that or a number is not finite; both are mistakes of the caller's sort key, since a
 * cursor the server itself cannot read back would end the pages early.
 *
 * `decode` promises null, and throws nothing, for anything that this codec did not encode under
 * the same binding: other secret, other binding, changed, cut or re-spelled text. The comparison
 * takes the same time wherever the first difference lies.
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

/** Strict, unlike Buffer's own reading: every cursor has exactly one spelling. */
function decodeBase64Url(cursor: string): Buffer | null {
  if (typeof cursor !== 'string' || cursor.length > cursorLengthMax) return null;
  const bytes = Buffer.from(cursor, 'base64url');
  return bytes.toString('base64url') === cursor ? bytes : null;
}

/** Only text that carries our own signature comes here; the checks are against a shared secret. */
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
