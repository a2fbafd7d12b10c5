/** A row parsed from JSON: timestamps are text. */
export type JsonRow<Row> = {
  [Name in keyof Row]: Row[Name] extends Date
    ? string
    : Row[Name] extends Date | null
      ? string | null
      : Row[Name];
};

/** Parses a timestamp of a JsonRow. */
export function readDate(text: string): Date;
export function readDate(text: string | null): Date | null;
export function readDate(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}
