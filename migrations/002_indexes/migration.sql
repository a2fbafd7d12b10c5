-- Indexes beyond the keys, each with the query that it serves. An index on a table that may be big comes in a file of
-- its own with "create index concurrently".

create index user_tenants_tenant_id_last_sign_in_at_id_idx on user_tenants (tenant_id, last_sign_in_at, id);
comment on index user_tenants_tenant_id_last_sign_in_at_id_idx is
  'tenant.memberships, last sign-in first (the default order), any page';

create index user_tenants_user_id_id_idx on user_tenants (user_id, id);
comment on index user_tenants_user_id_id_idx is
  'viewer.memberships and user.memberships; note_sign_in(); erasing a user';

create index membership_roles_tenant_id_role_id_membership_id_idx on membership_roles (tenant_id, role_id, membership_id);
comment on index membership_roles_tenant_id_role_id_membership_id_idx is
  'tenant.owners, role.memberCount, tenant.memberships filtered by role; the last-owner check';

create index sessions_user_id_id_idx on sessions (user_id, id);
comment on index sessions_user_id_id_idx is
  'viewer.sessions and user.sessions, newest first; revokeSessions; the cap on sessions per user';

create index sessions_tenant_id_id_idx on sessions (tenant_id, id) where tenant_id is not null;
comment on index sessions_tenant_id_id_idx is
  'tenant.sessions, newest first; only sessions bound to a tenant are in it';

create index users_search_text_idx on users using gin (search_text gin_trgm_ops);
comment on index users_search_text_idx is
  'users(where: { search }): fuzzy search on e-mail and name';

create index users_metadata_idx on users using gin (metadata jsonb_path_ops);
comment on index users_metadata_idx is
  'users(where: { metadata }): containment';

create index tenants_search_text_idx on tenants using gin (search_text gin_trgm_ops);
comment on index tenants_search_text_idx is
  'tenants(where: { search }): fuzzy search on slug and name';

create index tenants_metadata_idx on tenants using gin (metadata jsonb_path_ops);
comment on index tenants_metadata_idx is
  'tenants(where: { metadata }): containment';

create index audit_events_chain_id_actor_id_sequence_idx on audit_events (chain_id, actor_id, sequence);
comment on index audit_events_chain_id_actor_id_sequence_idx is
  'tenant.auditEvents(where: { actorId }): what one person did, newest first';

create index audit_events_chain_id_action_sequence_idx on audit_events (chain_id, action, sequence);
comment on index audit_events_chain_id_action_sequence_idx is
  'tenant.auditEvents(where: { action }): all changes of one kind, newest first';

create index api_keys_created_by_idx on api_keys (created_by);
comment on index api_keys_created_by_idx is 'erasing a user; the keys that somebody has made';

create index mail_outbox_due_idx on mail_outbox (next_attempt_at) where not is_for_inbox;
comment on index mail_outbox_due_idx is 'claim_mails(): those that are due, the longest waiting first';

create index mail_outbox_recipient_idx on mail_outbox (recipient);
comment on index mail_outbox_recipient_idx is 'forget_mailbox(): the mails to a person that is erased';

create index idempotency_keys_user_id_idx on idempotency_keys (user_id);
comment on index idempotency_keys_user_id_idx is 'eraseUser: a person takes its answers along';

create index idempotency_keys_expires_at_idx on idempotency_keys (expires_at);
comment on index idempotency_keys_expires_at_idx is 'delete_expired_answers(): those that have expired';

create unique index invitations_tenant_id_email_pending on invitations (tenant_id, email) where status = 'pending';
comment on index invitations_tenant_id_email_pending is
  'inviting an address again replaces what is pending; the room that pending invitations take';

create index invitations_email_idx on invitations (email);
comment on index invitations_email_idx is 'viewer.pendingInvitations, accepting and declining; erasing a user';

create index invitations_expires_at_idx on invitations (expires_at);
comment on index invitations_expires_at_idx is 'deleting old ones';

create index invitation_roles_tenant_id_role_id_idx on invitation_roles (tenant_id, role_id);
comment on index invitation_roles_tenant_id_role_id_idx is 'deleting a role';

create index audit_events_person_id_id_idx on audit_events (person_id, id) where person_id is not null;
comment on index audit_events_person_id_id_idx is
  'viewerEvents: what was done to a person lately; erasing a user: what was said about it';

create index audit_events_actor_id_idx on audit_events (actor_id) where ip is not null;
comment on index audit_events_actor_id_idx is 'erasing a user: the addresses of what it did';

create index audit_events_impersonator_id_idx on audit_events (impersonator_id)
  where impersonator_id is not null and ip is not null;
comment on index audit_events_impersonator_id_idx is 'erasing a user: the addresses of what it did as somebody else';

create index audit_events_invited_email_idx
  on audit_events ((coalesce(changes #>> '{email,1}', changes #>> '{email,0}')))
  where target_type = 'Invitation';
comment on index audit_events_invited_email_idx is 'erasing a user: invitations to its address';

create index audit_events_chain_id_target_id_sequence_idx on audit_events (chain_id, target_id, sequence);
comment on index audit_events_chain_id_target_id_sequence_idx is
  'tenant.auditEvents(where: { targetId }): what was done to one object, newest first';

create index audit_events_chain_id_at_idx on audit_events (chain_id, at);
comment on index audit_events_chain_id_at_idx is 'tenant.auditEvents(where: { from, to }): a stretch of time';

create index audit_events_chain_id_impersonated_idx on audit_events (chain_id, sequence)
  where impersonator_id is not null;
comment on index audit_events_chain_id_impersonated_idx is
  'tenant.auditEvents(where: { isImpersonated: true }): the few among many, newest first';

create index sessions_impersonator_id_idx on sessions (impersonator_id) where impersonator_id is not null;
comment on index sessions_impersonator_id_idx is
  'ending the impersonations of an administrator: revokeSessions, changePassword, suspension, demotion';

create index audit_events_session_opened_at_idx on audit_events (at) where action = 'session.opened';
comment on index audit_events_session_opened_at_idx is 'user_activity_stats: sign-ins per day';

create index tenants_member_count_id_idx on tenants (member_count desc, id);
comment on index tenants_member_count_id_idx is 'usage_of_tenants(): the largest tenants';

-- Links that were mailed, to confirm an address or to set a password, and were never followed, go too.
create index one_time_tokens_expires_at_idx on one_time_tokens (expires_at);
comment on index one_time_tokens_expires_at_idx is 'delete_expired_data: tokens that have expired';
