create or replace function forget_attempts(account text) returns void
language sql volatile set search_path = pg_catalog, public, pg_temp
begin atomic
  delete from sign_in_budgets b where b.bucket in (account, account || ':session');
end;
comment on function forget_attempts is 'Forgets the attempts on an account, also those that shut it.';
