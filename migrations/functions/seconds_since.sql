create or replace function seconds_since(moment timestamptz) returns integer
language sql stable parallel safe
return least(ceil(extract(epoch from now() - moment)), 2147483647)::integer;
comment on function seconds_since is 'Whole seconds since then by the clock of the database, rounded up.';
