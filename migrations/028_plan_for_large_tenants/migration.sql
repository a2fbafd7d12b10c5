-- A plan that is kept for a list counts on a tenant of the usual size. Where most tenants have a member or two, that is
-- one row, and to read all of a tenant and put it in order then looks as cheap as to walk the index that has the order:
-- cheaper, once that index has grown a level taller than the one beside it. For the tenant with ten thousand members it
-- is not (test/contract/uneven-tenants.test.ts).
--
-- So the planner is told that there are a hundred tenants, and counts on one with a hundredth of all members, or with
-- as many as the largest has, if that is less: a plan that suits a large tenant suits a small one too, but not the
-- other way around. It holds from the next analyze on, which autovacuum brings about.

-- Neither readers nor writers wait behind this lock, but it waits for a vacuum, which gives way after a second.
set local lock_timeout = '2s';

alter table user_tenants alter column tenant_id set (n_distinct = 100);
alter table membership_roles alter column tenant_id set (n_distinct = 100);
