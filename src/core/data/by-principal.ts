import type { Principal } from '../access/principal.ts';

/** A value per principal, for the lifetime of the principal. */
export type ByPrincipal<Value> = {
  find: (principal: Principal) => Value | undefined;
  keep: (principal: Principal, value: Value) => void;
};

/** With its owner, so that a copy of a principal does not inherit the value. */
type Kept<Value> = { owner: Principal; value: Value };

/**
 * Stores values on the principals, under a symbol. Not in a WeakMap: once the map is in V8's old space, its entries
 * survive minor collections, so every request would stay in memory, with all that it references, until the next
 * major one.
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
