create or replace function list_audit_heads(chain_ids uuid[]) returns table (chain_id uuid, sequence bigint)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select h.chain_id, h.sequence from audit_heads h where h.chain_id = any (chain_ids);
end;
comment on function list_audit_heads is
  'How far each of these chains goes: all streams of a process ask together whether there is something new.';
revoke execute on function list_audit_heads from public;
grant execute on function list_audit_heads to tenantry_app;
