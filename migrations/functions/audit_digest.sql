create or replace function audit_digest(salt bytea, content text) returns bytea
language sql immutable parallel safe set search_path = pg_catalog, public, pg_temp
begin atomic
  select sha256(salt || convert_to(content, 'UTF8'));
end;
comment on function audit_digest is 'What the chain holds of a part that may be taken out later.';
