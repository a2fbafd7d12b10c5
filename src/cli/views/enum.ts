/** A stored state as the API's enumerations spell it. */
export function toEnum(state: string): string {
  return state.toUpperCase();
}
