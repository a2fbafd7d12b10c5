create or replace function forget_mailbox()
returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  digest text := encode(sha256(convert_to(old.email, 'UTF8')), 'hex');
begin
  delete from mail_outbox m where m.recipient = old.email;
  delete from password_reset_requests r where r.email = old.email;
  perform forget_attempts('account:' || digest);
  delete from sign_in_budgets b where b.bucket in (
    'verification:' || old.id, 'reset:' || digest, 'reset-mail:' || digest, 'reset-mail:' || digest || ':spaced');
  delete from sign_in_budgets b where b.bucket ^@ ('reset:' || digest || ':');
  return null;
end
$$;
comment on function forget_mailbox is 'A person that is erased takes along the mails that wait for it.';
revoke execute on function forget_mailbox from public;
