create or replace function sync_built_in_roles(definitions jsonb) returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  insert into built_in_roles (key, name, description, permissions)
    select d.key, d.name, d.description, d.permissions
    from jsonb_to_recordset(definitions) d (key text, name text, description text, permissions text[])
    on conflict (key) do update
      set name = excluded.name, description = excluded.description, permissions = excluded.permissions
      where (built_in_roles.name, built_in_roles.description, built_in_roles.permissions)
        is distinct from (excluded.name, excluded.description, excluded.permissions);
  update roles r set name = b.name, description = b.description, permissions = b.permissions, updated_at = now()
    from built_in_roles b
    where r.is_built_in and r.key = b.key
      and (r.name, r.description, r.permissions) is distinct from (b.name, b.description, b.permissions);
end
$$;
comment on function sync_built_in_roles is
  'Brings the built-in roles of every tenant to what the permission catalogue of this release says.';
revoke execute on function sync_built_in_roles from public;
