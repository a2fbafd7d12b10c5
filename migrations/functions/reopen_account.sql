create or replace function reopen_account()
returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select forget_attempts('account:' || encode(sha256(convert_to(u.email, 'UTF8')), 'hex'))
    from users u where u.id = current_user_id();
end;
comment on function reopen_account is
  'Forgets the failed sign-ins of the user of the scope, also those that shut the account: after a reset, and last in its transaction, as sign-ins lock budgets last.';
revoke execute on function reopen_account from public;
grant execute on function reopen_account to tenantry_app;
