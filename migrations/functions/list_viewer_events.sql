create or replace function list_viewer_events(user_ids uuid[])
returns table (
  user_id uuid, id uuid, tenant_id uuid, at timestamptz, action text, target_type text, target_id uuid,
  changes jsonb
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select asked.user_id, e.id, e.tenant_id, e.at, e.action, e.target_type, e.target_id, e.changes
  from unnest(user_ids) asked (user_id)
  cross join lateral (
    select n.* from audit_events n
    where n.person_id = asked.user_id and n.id >= (select uuidv7(interval '-30 seconds'))
    order by n.id desc limit 200
  ) e
  order by e.id;
end;
comment on function list_viewer_events is
  'What was done to these users in the last 30 seconds. Their entries stand in many chains and become visible as they are committed, which no transaction puts off for so long: who asks more often and passes over what it knows misses nothing.';
revoke execute on function list_viewer_events from public;
grant execute on function list_viewer_events to tenantry_app;
