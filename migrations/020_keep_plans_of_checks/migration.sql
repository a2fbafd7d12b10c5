-- These functions run with every request, some with every statement. Left to itself PostgreSQL plans what is in
-- them anew at each call: it takes a list whose length it knows for cheaper than one whose length it guesses, so it
-- never comes to trust a plan that it could keep. The planning took two to twenty times as long as the work. Their
-- plans depend on no argument: a few ids or hashes, each looked up in an index. (docs/indexes.md has the figures.)

set local role tenantry_definer;
alter function enter_scope(uuid, uuid, boolean, uuid, uuid) set plan_cache_mode = 'force_generic_plan';
alter function find_live_sessions(bytea[], uuid[]) set plan_cache_mode = 'force_generic_plan';
alter function find_live_api_keys(bytea[]) set plan_cache_mode = 'force_generic_plan';
alter function find_credentials(text) set plan_cache_mode = 'force_generic_plan';
alter function find_access(uuid, uuid[], text[]) set plan_cache_mode = 'force_generic_plan';
alter function find_visible_users(uuid, uuid[], uuid) set plan_cache_mode = 'force_generic_plan';
alter function list_visible_memberships(uuid, uuid[], uuid, uuid, integer)
  set plan_cache_mode = 'force_generic_plan';
alter function list_roles_of_users(uuid, uuid[], uuid[]) set plan_cache_mode = 'force_generic_plan';
alter function list_grants(uuid[], uuid[], text[]) set plan_cache_mode = 'force_generic_plan';
reset role;
