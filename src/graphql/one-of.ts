import { InvalidInputError } from '../core/app-error.ts';

/** Returns the only argument given, of two. @throws InvalidInputError for none or both */
export function requireOneOf<Field extends string>(
  args: { [field in Field]?: string | null | undefined },
  fields: readonly [Field, Field],
): { field: Field; value: string } {
  const given = fields.flatMap((field) => {
    const value = args[field];
    return value == null ? [] : [{ field, value }];
  });
  const [only] = given;
  if (only === undefined || given.length > 1) {
    throw new InvalidInputError(`Give exactly one of "${fields.join('" and "')}".`, [...fields]);
  }
  return only;
}
