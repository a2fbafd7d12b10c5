-- A setting that was used before reads '' and not null, hence nullif().
create or replace function current_user_id() returns uuid
language sql stable parallel safe
return nullif(current_setting('tenantry.user_id', true), '')::uuid;
comment on function current_user_id is 'The user on whose behalf this connection acts, or null.';
