create or replace function check_impersonation() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  -- Both rows are held, so that a suspension or promotion under way is waited for, and one that comes later
  -- finds the session and ends it.
  perform from users u
    where u.id = new.user_id and u.id <> new.impersonator_id and u.status = 'active' and not u.is_platform_admin
    for share;
  if not found then
    return null;
  end if;
  perform from users i where i.id = new.impersonator_id and i.is_platform_admin and i.status = 'active' for share;
  if not found or not (is_operator() or (is_platform_scope() and new.impersonator_id = current_user_id())) then
    return null;
  end if;
  return new;
end
$$;
comment on function check_impersonation is
  'No session comes of an impersonation unless an administrator opens it in the platform scope, as itself, of somebody active who is none.';
revoke execute on function check_impersonation from public;
