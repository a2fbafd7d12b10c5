create or replace function is_operator() returns boolean
language sql stable
return pg_has_role(
  session_user,
  (select p.polroles[1] from pg_policy p where p.polrelid = 'users'::regclass and p.polname = 'definer'),
  'member'
);
comment on function is_operator is
  'True for the owner of the database at the command line, who belongs to no tenant; the serving login is never one.';
