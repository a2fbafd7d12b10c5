-- A plan that is kept (020) was made for the tables as they were then. In a young database those were nearly empty,
-- and to read such a table whole looks cheapest; a few minutes and some thousand tenants later each session check
-- read all of them, until the next analyze. What these functions look for they find by an index, always, so the
-- other way is no choice of theirs.

set local role tenantry_definer;
alter function enter_scope(uuid, uuid, boolean, uuid, uuid) set enable_seqscan = off;
alter function find_live_sessions(bytea[], uuid[]) set enable_seqscan = off;
alter function find_live_api_keys(bytea[]) set enable_seqscan = off;
alter function find_credentials(text) set enable_seqscan = off;
alter function find_access(uuid, uuid[], text[]) set enable_seqscan = off;
alter function find_visible_users(uuid, uuid[], uuid) set enable_seqscan = off;
alter function list_visible_memberships(uuid, uuid[], uuid, uuid, integer) set enable_seqscan = off;
alter function list_roles_of_users(uuid, uuid[], uuid[]) set enable_seqscan = off;
alter function list_grants(uuid[], uuid[], text[]) set enable_seqscan = off;
alter function note_sign_in(uuid) set enable_seqscan = off;
alter function touch_sessions(uuid[]) set enable_seqscan = off;
alter function touch_api_keys(uuid[]) set enable_seqscan = off;
reset role;
