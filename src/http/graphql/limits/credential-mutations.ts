/**
 * The mutations that check a guessable secret. An operation may have only one of them, so that a request is one
 * guess, whatever its aliases. A test compares this list with the inputs of the schema.
 */
const credentialMutations: ReadonlySet<string> = new Set([
  'acceptInvitation',
  'changePassword',
  'confirmPassword',
  'declineInvitation',
  'requestPasswordReset',
  'resetPassword',
  'signIn',
  'signUp',
  'verifyEmail',
]);

/** Whether a top-level field checks credentials. */
export function isCredentialMutation(fieldName: string): boolean {
  return credentialMutations.has(fieldName);
}
