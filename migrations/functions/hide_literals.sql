-- pg_stat_statements mostly puts $1, $2 … for the values in a statement, but not always: a utility statement such
-- as DO keeps its text, and so does one whose entry was evicted or reset between its planning and its end. What is
-- quoted may be anybody's, so it is hidden here, whatever the extension did.
create or replace function hide_literals(statement text) returns text
language sql immutable strict parallel safe
-- The bodies in dollar quotes first, since they may hold quotes of their own.
return regexp_replace(
  regexp_replace(statement, '\$([a-z_]\w*|)\$.*\$\1\$', '$…$', 'gi'),
  '''([^'']|'''')*(''|$)', '''…''', 'g');
comment on function hide_literals is
  'The statement with … for all that stands in single or dollar quotes; rather too much than too little.';
