/** Statements of background jobs, which are not counted for a call. */
const background = new RegExp(
  [
    ...['touch_sessions', 'touch_api_keys', 'note_sign_in_failures', 'try_housekeeping'],
    'settle_reset_request',
    ...['list_audit_heads', 'list_viewer_events', 'list_grants'],
  ].join('|'),
);

/** The number of these statements that belong to a call. */
export function countOwn(statements: readonly string[]): number {
  return statements.filter((statement) => !background.test(statement)).length;
}
