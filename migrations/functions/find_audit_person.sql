create or replace function find_audit_person(action text, target_type text, target uuid, changes jsonb) returns uuid
language sql stable set search_path = pg_catalog, public, pg_temp
begin atomic
  select case target_type
    when 'User' then target
    when 'Membership' then coalesce((select m.user_id from user_tenants m where m.id = target), n.named)
    when 'Session' then (select s.user_id from sessions s where s.id = target)
    when 'Invitation' then (
      select u.id from users u where u.email = coalesce(changes #>> '{email,1}', changes #>> '{email,0}'))
    when 'Tenant' then coalesce(n.named, case when action = 'tenant.created' then current_user_id() end)
  end
  from (
    -- What is written there is for people too, and need not be an id.
    select case when t.text ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then t.text::uuid end as named
    from (
      select coalesce(changes #>> '{userId,0}', changes #>> '{userId,1}', changes #>> '{owner,1}') as text
    ) t
  ) n;
end;
comment on function find_audit_person is
  'Whom an entry is about, by what it was done to; null where that is nobody in particular.';
