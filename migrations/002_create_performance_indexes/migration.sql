-- Indexes beyond the keys, each with the query that it serves. They are built in the migration that follows
-- the tables, while these are still empty; an index on a table that may be big comes in a file of its own
-- with "create index concurrently".

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
