/** The API's enum value of a stored state. */
export function toEnum(state: string): string {
  return state.toUpperCase();
}
