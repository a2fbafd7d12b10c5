/** The part of a map that Yoga's parser and validation cache asks for. */
export type DocumentCache<V> = {
  get(text: string): V | undefined;
  set(text: string, value: V): void;
};

const textLengthMax = 8_192;
const totalLengthMax = 1_000_000;

/**
 * Remembers what documents were parsed to, least recently used out first. Bounded by the length of
 * all texts together, because a parsed document takes some thirty times its text: Yoga's own cache
 * counts entries, and a thousand made-up documents of 100 KB each would stay for an hour.
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
