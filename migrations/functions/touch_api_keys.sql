create or replace function touch_api_keys(api_key_ids uuid[]) returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
  set enable_seqscan = off
begin atomic
  select set_config('synchronous_commit', 'off', true);
  -- Asked again, so that of several processes only one writes.
  update api_keys k set last_used_at = now()
  where k.id = any (api_key_ids) and coalesce(k.last_used_at, '-infinity') < now() - interval '1 minute';
end;
comment on function touch_api_keys is
  'Notes that keys were just used, at most once a minute for each. Losing the last of this in a crash is harmless, so it does not wait for the disk.';
revoke execute on function touch_api_keys from public;
grant execute on function touch_api_keys to tenantry_app;
