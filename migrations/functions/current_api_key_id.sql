create or replace function current_api_key_id() returns uuid
language sql stable parallel safe
return nullif(current_setting('tenantry.api_key_id', true), '')::uuid;
comment on function current_api_key_id is 'The API key that acts, or null where a person does.';
