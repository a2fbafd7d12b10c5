create or replace function list_inbox(rows_max integer)
returns table (id uuid, recipient text, sealed_message bytea, created_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select m.id, m.recipient, m.sealed_message, m.created_at from mail_outbox m
  where m.is_for_inbox order by m.id desc limit rows_max;
end;
comment on function list_inbox is
  'The newest mails of the inbox of development, newest first. Mails that are to be sent never show.';
revoke execute on function list_inbox from public;
grant execute on function list_inbox to tenantry_app;
