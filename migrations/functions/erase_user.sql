create or replace function erase_user(subject uuid) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  address text;
begin
  if subject is distinct from current_user_id() and not is_platform_scope() then
    return false;
  end if;
  select u.email into address from users u where u.id = subject;
  if not found then
    return false;
  end if;
  delete from sign_in_budgets b
    where b.bucket = 'account:' || encode(sha256(convert_to(address, 'UTF8')), 'hex');
  perform redact_audit_events(subject, address);
  delete from users u where u.id = subject;
  return found;
end
$$;
comment on function erase_user is
  'Removes a person with password, memberships and sessions, and what is personal from the audit log, which keeps the id alone. False for anybody but oneself outside the platform scope.';
revoke execute on function erase_user from public;
grant execute on function erase_user to tenantry_app;
