import type { Principal } from '../access/principal.ts';

/** Something that is known of principals, for as long as each of them lives. */
export type ByPrincipal<Value> = {
  find: (principal: Principal) => Value | undefined;
  keep: (principal: Principal, value: Value) => void;
};

/** The owner as well, so that a copy of a principal does not bring along what was kept for the other. */
type Kept<Value> = { owner: Principal; value: Value };

/**
 * Keeps values in the principals themselves, under a symbol. A WeakMap would say it better, but what it holds
 * passes for alive in V8's frequent small collections as soon as the map is old, even where it alone leads
 * to its own key. With one entry per request every request lived on to the next large collection, with all
 * that hung on it.
 */
export function createByPrincipal<Value>(): ByPrincipal<Value> {
  const key = Symbol('kept');
  type Keeper = Principal & { [key]?: Kept<Value> };
  return {
    find(principal: Keeper) {
      const kept = principal[key];
      return kept?.owner === principal ? kept.value : undefined;
    },
    keep(principal: Keeper, value) {
      principal[key] = { owner: principal, value };
    },
  };
}
