create or replace function current_tenant_id() returns uuid
language sql stable parallel safe
return nullif(current_setting('tenantry.tenant_id', true), '')::uuid;
comment on function current_tenant_id is 'The one tenant whose rows are visible now, or null for none.';
