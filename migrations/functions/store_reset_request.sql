create or replace function store_reset_request(
  address text, hash bytea, message bytea, for_inbox boolean, in_request_id text, source inet,
  source_max integer, source_window_seconds integer,
  address_max integer, address_window_seconds integer, spacing_seconds integer
)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  source_name text := coalesce(source_bucket(source), 'source:unknown');
  seconds integer;
begin
  -- The source first: one that has used up its budget makes no rows for addresses it invents.
  seconds := reserve_mail('reset-' || source_name, source_max, source_window_seconds, 0);
  if seconds = 0 then
    -- Per source and address: what strangers ask for counts for strangers.
    seconds := reserve_mail('reset:' || encode(sha256(convert_to(address, 'UTF8')), 'hex') || ':' || source_name,
      address_max, address_window_seconds, spacing_seconds);
  end if;
  if seconds = 0 then
    insert into password_reset_requests (email, token_hash, sealed_message, is_for_inbox, request_id, ip)
      values (address, hash, message, for_inbox, in_request_id, source);
  end if;
  return seconds;
end
$$;
comment on function store_reset_request is
  'Stores a request for a reset and looks nobody up, so that its time tells nothing. 0: stored; more: seconds to wait, counted per source and per source and address.';
revoke execute on function store_reset_request from public;
grant execute on function store_reset_request to tenantry_app;
