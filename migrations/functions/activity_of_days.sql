create or replace function activity_of_days(days integer)
returns table (day date, sign_ins bigint, failed_sign_ins bigint, active_users bigint, new_users bigint)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select d.day::date,
    (select count(*) from audit_events e
      where e.action = 'session.opened' and e.at >= d.day and e.at < d.day + interval '1 day'),
    coalesce((select f.failures from sign_in_failures f where f.day = d.day::date), 0),
    (select count(*) from user_activity a where a.day = d.day::date),
    -- Ids begin with the moment they were made (UUID version 7), so their own index finds the day.
    (select count(*) from users u where u.id >= uuid_floor(d.day) and u.id < uuid_floor(d.day + interval '1 day'))
  from generate_series(
    date_trunc('day', now(), 'UTC') - make_interval(days => days - 1), date_trunc('day', now(), 'UTC'),
    interval '1 day', 'UTC') d (day)
  where may_monitor()
  order by d.day desc;
end;
comment on function activity_of_days is
  'Sign-ins, refused ones, active and new users of each of the last days (UTC), today first.';
revoke execute on function activity_of_days from public;
grant execute on function activity_of_days to tenantry_app;
