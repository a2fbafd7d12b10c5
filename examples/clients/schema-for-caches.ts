import { buildSchema, introspectionFromSchema, isAbstractType } from 'graphql';

/*
 * A cache must know what an interface or a union can be: without it `... on Error` is lost or guessed. Make it once, when
 * your frontend is built, from what `npx tenantry schema` prints.
 */

/** For the `possibleTypes` of Apollo Client's InMemoryCache. */
export function listPossibleTypes(sdl: string): Record<string, string[]> {
  const schema = buildSchema(sdl);
  const abstract = Object.values(schema.getTypeMap()).filter(isAbstractType);
  return Object.fromEntries(
    abstract.map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)]),
  );
}

/** For the `schema` of urql's Graphcache. */
export function introspectSchema(sdl: string) {
  return introspectionFromSchema(buildSchema(sdl), { descriptions: false });
}
