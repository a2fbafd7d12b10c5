create or replace function find_invitation_preview(hash bytea)
returns table (tenant_name text, inviter_name text, expires_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select t.name, u.name, i.expires_at
  from invitations i
  join tenants t on t.id = i.tenant_id and t.status = 'active'
  -- A program has no name that says anything to people.
  left join users u on u.id = i.invited_by and i.api_key_id is null
  where i.token_hash = hash and i.status = 'pending' and i.expires_at > now();
end;
comment on function find_invitation_preview is
  'What the holder of a mailed link may read before signing in; no row for a token that is not valid now.';
revoke execute on function find_invitation_preview from public;
grant execute on function find_invitation_preview to tenantry_app;
