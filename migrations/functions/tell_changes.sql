-- Servers remember for a moment whose session or API key is valid (docs/decisions/028-remembered-credentials.md).
-- A change notifies them in its own transaction, by the id of the user or tenant whose entries are to be dropped.
create or replace function tell_changes() returns trigger
language plpgsql volatile set search_path = pg_catalog, public, pg_temp
as $$
declare
  ids uuid[];
begin
  -- The argument names the column that holds the id.
  if tg_level = 'ROW' then
    execute format('select array[($1).%I]', tg_argv[0]) into ids using new;
  else
    execute format('select array_agg(distinct %I) from changed', tg_argv[0]) into ids;
  end if;
  -- To tell each of very many would take longer than to ask for all of them again.
  if cardinality(ids) > 100 then
    perform pg_notify('tenantry_changes', 'everything');
  else
    perform pg_notify('tenantry_changes', id::text) from unnest(ids) id;
  end if;
  return null;
end
$$;
comment on function tell_changes is
  'Has servers forget, once the transaction is committed, what they remember of the credentials of the users or tenants whose rows were changed.';
revoke execute on function tell_changes from public;
