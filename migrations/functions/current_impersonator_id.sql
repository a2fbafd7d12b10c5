create or replace function current_impersonator_id() returns uuid
language sql stable parallel safe
return nullif(current_setting('tenantry.impersonator_id', true), '')::uuid;
comment on function current_impersonator_id is 'The administrator who acts as the current user, or null.';
