create or replace function is_platform_scope() returns boolean
language sql stable parallel safe
return coalesce(current_setting('tenantry.platform', true), '') = 'on';
comment on function is_platform_scope is 'True while a platform administrator acts across tenants.';
