import { follow } from '../../../support/streams.ts';
import { ask } from '../player.ts';
import { error } from './fields.ts';
import { signIn, type World } from './world.ts';

const auditLog =
  'subscription ($id: ID!, $after: String) { auditEvents(tenantId: $id, after: $after) { id action at changes } }';
const news = 'subscription { viewerEvents { type at subject { id } } }';

/** Follows an audit log, and one's own news, until something was told that happened meanwhile. */
export async function playStreams({ note, app, play, filling, tenants: [, tenant] }: World) {
  const { token, id, email } = tenant;
  const { url } = app;
  await note('Subscription.auditEvents', async () => {
    const followed = await follow(url, auditLog, { token, variables: { id } });
    await ask(
      url,
      `mutation { updateTenant(input: { tenantId: "${id}", metadata: { followed: true } }) {
        ... on UpdateTenantSuccess { tenant { id } } ${error} } }`,
      token,
    );
    await followed.next();
    await followed.leave();
  });
  const other = await signIn(play, { email, password: filling.password });
  await note('Subscription.viewerEvents', async () => {
    const followed = await follow(url, news, { token });
    await ask(
      url,
      `mutation { revokeSession(input: { sessionId: "${other.session.id}" }) {
        ... on RevokeSessionSuccess { revokedSessionId } ${error} } }`,
      token,
    );
    await followed.next();
    await followed.leave();
  });
}

/** Their documents, for the check that nothing was forgotten. */
export const streamDocuments = [auditLog, news];
