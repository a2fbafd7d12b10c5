/**
 * Work that runs whatever is asked: noting uses and errors, settling requests for resets, counting what went, and what
 * keeps streams going.
 * The statements of a call are counted without it.
 */
const background = new RegExp(
  [
    ...['touch_sessions', 'touch_api_keys', 'note_sign_in_failures', 'try_housekeeping'],
    'settle_reset_request',
    ...['list_audit_heads', 'list_viewer_events', 'list_grants'],
  ].join('|'),
);

/** How many of these statements a call has caused. */
export function countOwn(statements: readonly string[]): number {
  return statements.filter((statement) => !background.test(statement)).length;
}
