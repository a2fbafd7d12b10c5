create or replace function may_monitor() returns boolean
language sql stable
return is_platform_scope() or is_operator();
comment on function may_monitor is
  'True for platform administrators across tenants, and for the owner of the database.';
