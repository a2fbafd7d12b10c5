import { follow } from '../../../support/streams.ts';
import { request } from '../player.ts';
import { error } from './fields.ts';
import { signIn, type World } from './world.ts';

const auditLog =
  'subscription ($id: ID!, $after: String) { auditEvents(tenantId: $id, after: $after) { id action at changes } }';
const viewerEvents = 'subscription { viewerEvents { type at subject { id } } }';

/** Follows an audit log and a user's own events until each delivers one event. */
export async function playStreams({ record, app, play, filling, tenants: [, tenant] }: World) {
  const { token, id, email } = tenant;
  const { url } = app;
  await record('Subscription.auditEvents', async () => {
    const followed = await follow(url, auditLog, { token, variables: { id } });
    await request(
      url,
      `mutation { updateTenant(input: { tenantId: "${id}", metadata: { followed: true } }) {
        ... on UpdateTenantSuccess { tenant { id } } ${error} } }`,
      token,
    );
    await followed.next();
    await followed.leave();
  });
  const other = await signIn(play, { email, password: filling.password });
  await record('Subscription.viewerEvents', async () => {
    const followed = await follow(url, viewerEvents, { token });
    await request(
      url,
      `mutation { revokeSession(input: { sessionId: "${other.session.id}" }) {
        ... on RevokeSessionSuccess { revokedSessionId } ${error} } }`,
      token,
    );
    await followed.next();
    await followed.leave();
  });
}

/** The documents of the subscriptions. */
export const streamDocuments = [auditLog, viewerEvents];
