/**
 * The mutations that check a secret somebody could guess. One operation may hold only one of them,
 * so that a single request is a single guess, however many aliases it is written with. A test
 * compares this list with the inputs of the schema.
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

/** True for a top-level field that costs a check of credentials. */
export function isCredentialMutation(fieldName: string): boolean {
  return credentialMutations.has(fieldName);
}
