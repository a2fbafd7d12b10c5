create or replace function delete_mail(mail uuid) returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  delete from mail_outbox m where m.id = mail;
end;
comment on function delete_mail is 'A mail that was sent, or is given up.';
revoke execute on function delete_mail from public;
grant execute on function delete_mail to tenantry_app;
