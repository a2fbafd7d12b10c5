create or replace function enqueue_mail(to_address text, message bytea, for_inbox boolean) returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into mail_outbox (recipient, sealed_message, is_for_inbox) values (to_address, message, for_inbox);
  if for_inbox then
    delete from mail_outbox m where m.id in (
      select o.id from mail_outbox o where o.is_for_inbox order by o.id desc offset 100 limit 10
      for update skip locked);
  end if;
end
$$;
comment on function enqueue_mail is
  'Puts a mail into the outbox, in the transaction of the change it is about; or into the inbox of development, which keeps the newest hundred.';
revoke execute on function enqueue_mail from public;
grant execute on function enqueue_mail to tenantry_app;
