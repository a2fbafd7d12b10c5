/** The part of a map that Yoga's parser and validation cache uses. */
export type DocumentCache<V> = {
  get(text: string): V | undefined;
  set(text: string, value: V): void;
};

const textLengthMax = 8_192;
const totalLengthMax = 1_000_000;

/**
 * An LRU cache of parsed documents, bounded by the total length of their texts, because a parsed document takes
 * some thirty times its text. Yoga's own cache counts entries: a thousand documents of 100 KB would stay for
 * an hour.
 */
export function createDocumentCache<V>(): DocumentCache<V> {
  const entries = new Map<string, V>();
  let totalLength = 0;
  const drop = (text: string) => {
    if (entries.delete(text)) totalLength -= text.length;
  };
  return {
    get(text) {
      const value = entries.get(text);
      if (value === undefined) return undefined;
      entries.delete(text);
      entries.set(text, value);
      return value;
    },
    set(text, value) {
      if (text.length > textLengthMax) return;
      drop(text);
      entries.set(text, value);
      totalLength += text.length;
      for (const oldest of entries.keys()) {
        if (totalLength <= totalLengthMax) break;
        drop(oldest);
      }
    },
  };
}
