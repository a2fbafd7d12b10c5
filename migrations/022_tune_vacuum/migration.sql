-- PostgreSQL vacuums a table once a fifth of it is dead, which is late for a big table whose rows change all the
-- time, and it leaves no room on a page for the next version of a row. What each table does decides what it gets.
-- A fill factor holds for pages that are written from now on.

-- Noted as used every half minute: a rewrite that finds room on its page touches no index (HOT). Two million rows
-- would gather 400,000 dead ones first.
alter table sessions set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
alter table api_keys set (autovacuum_vacuum_scale_factor = 0.05);

-- Each sign-in writes its time into the user, into its memberships (where an index is ordered by it, so that one is
-- never HOT) and into the budget of its account.
alter table users set (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
alter table user_tenants set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
alter table sign_in_budgets set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- Rewritten with every change of a tenant, one small row for each.
alter table audit_heads set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

-- Only ever grows: nothing in it is dead, but a vacuum marks pages as visible to all, for scans of indexes alone,
-- and freezes them a little at a time instead of all at once.
alter table audit_events set (autovacuum_vacuum_insert_scale_factor = 0.05);

-- Queues: everything that comes goes again, within minutes, days or months.
alter table mail_outbox set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
alter table idempotency_keys set (autovacuum_vacuum_scale_factor = 0.05);
alter table one_time_tokens set (autovacuum_vacuum_scale_factor = 0.05);
alter table user_activity set (autovacuum_vacuum_scale_factor = 0.05);

-- Most of what the housekeeping of the server does, for who stands at the database: psql, or a scheduler there.

create function cleanup_expired_data(rows_max integer default 10000)
returns table (kind text, deleted integer)
language plpgsql volatile set search_path = pg_catalog, public, pg_temp
as $$
begin
  -- What shuts an account until its password is reset is never forgotten; the least failures that may do so in
  -- the settings of a server are 10, and this one is nowhere to be read here.
  return query select d.kind, d.deleted from delete_expired_data(10, rows_max) d;
end
$$;
comment on function cleanup_expired_data is
  'Deletes at most so many rows of each kind that has had its time, and tells how many; for the owner. The server does so by itself, and sees to invitations and to tenants that are due.';
revoke all on function cleanup_expired_data(integer) from public;
