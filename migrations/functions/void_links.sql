-- Whatever changes or proves a credential voids the links that were mailed before (decision 050).
create or replace function void_links() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  if tg_table_name = 'password_credentials' then
    delete from one_time_tokens t where t.user_id = new.user_id and t.purpose = 'password_reset';
  else
    delete from one_time_tokens t where t.user_id = new.id
      and (new.email <> old.email or new.status <> 'active' or t.purpose = 'email_verification');
  end if;
  return null;
end
$$;
comment on function void_links is
  'The trigger that voids mailed links. A changed password voids links to reset it; a proven address those to prove it; another address or a suspension both. A sign-in voids none, or anyone who knows the password could keep its owner from replacing it.';
revoke execute on function void_links from public;
