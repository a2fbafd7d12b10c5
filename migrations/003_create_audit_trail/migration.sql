-- The audit trail: one row per change, written in the transaction of the change, chained by hashes so
-- that a row cannot be altered or removed without being noticed, and out of reach for the server's login.

create table audit_heads (
  chain_id uuid primary key,
  sequence bigint not null,
  hash bytea not null
);
comment on table audit_heads is
  'The newest row of each chain: what it must end with, so that a lopped tail is noticed.';

create table audit_events (
  id uuid primary key default uuidv7(),
  chain_id uuid not null,
  sequence bigint not null,
  tenant_id uuid,
  at timestamptz not null default clock_timestamp(),
  action text not null,
  actor_id uuid,
  impersonator_id uuid,
  target_type text,
  target_id uuid,
  changes jsonb not null,
  request_id text,
  ip inet,
  hash bytea not null,
  constraint audit_events_chain_id_sequence_unique unique (chain_id, sequence)
);
comment on table audit_events is
  'What was done, by whom, to what. No foreign keys: the trail outlives what it tells of.';
comment on column audit_events.chain_id is
  'The tenant, or the user for what concerns no tenant: one chain each, so that nobody waits for strangers.';
comment on column audit_events.actor_id is 'The user who acted; null for the system itself.';
comment on column audit_events.impersonator_id is 'The administrator who acted as that user.';
comment on column audit_events.changes is 'For each field that changed: before and after. Never a secret.';
comment on column audit_events.hash is
  'SHA-256 over the hash of the row before it in the chain and everything this row says.';

create index audit_events_chain_id_actor_id_sequence_idx on audit_events (chain_id, actor_id, sequence);
comment on index audit_events_chain_id_actor_id_sequence_idx is
  'tenant.auditEvents(where: { actorId }): what one person did, newest first';

create index audit_events_chain_id_action_sequence_idx on audit_events (chain_id, action, sequence);
comment on index audit_events_chain_id_action_sequence_idx is
  'tenant.auditEvents(where: { action }): all changes of one kind, newest first';

alter table audit_heads enable row level security;
alter table audit_heads force row level security;
alter table audit_events enable row level security;
alter table audit_events force row level security;

create policy tenant_reads on audit_events for select to tenantry_app
  using (tenant_id = (select current_tenant_id()) or (select is_platform_scope()));
create policy own_rows on audit_events for select to tenantry_app
  using (tenant_id is null and chain_id = (select current_user_id()));
create policy definer on audit_events to tenantry_definer using (true) with check (true);
create policy definer on audit_heads to tenantry_definer using (true) with check (true);

create function audit_hash(previous bytea, event audit_events) returns bytea
language sql immutable parallel safe set search_path = pg_catalog, public, pg_temp
begin atomic
  -- jsonb prints equal values equally, so the text is the same wherever it is hashed again.
  select sha256(previous || convert_to(jsonb_build_array(
    event.id, event.chain_id, event.sequence, event.tenant_id, (extract(epoch from event.at) * 1000000)::bigint,
    event.action, event.actor_id, event.impersonator_id, event.target_type, event.target_id, event.changes,
    event.request_id, host(event.ip)
  )::text, 'UTF8'));
end;
comment on function audit_hash is 'What the hash of a row must be after the given one.';

create function append_audit_event(
  in_tenant uuid, subject uuid, action text, target_type text, target uuid, changes jsonb,
  request_id text, ip inet
)
returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  actor uuid := current_user_id();
  -- Operators at the command line belong to no tenant; the server's login is never one of them.
  is_operator boolean := pg_has_role(session_user, current_user, 'member');
  is_known_tenant boolean := is_operator or in_tenant = current_tenant_id() or is_platform_scope() or exists (
    select from user_tenants m where m.tenant_id = in_tenant and m.user_id = actor and m.is_active
  );
  is_known_subject boolean := is_operator or subject is null or subject = actor or is_platform_scope();
  head audit_heads;
  event audit_events;
begin
  -- Nobody writes into the trail of a tenant or person that it does not act in: such an entry stands
  -- in the chain of who wrote it.
  in_tenant := case when is_known_tenant then in_tenant end;
  subject := case when is_known_subject then coalesce(subject, actor) else actor end;
  -- The row lock on the head makes the events of one chain stand in the order of their commits.
  insert into audit_heads as h (chain_id, sequence, hash)
    values (coalesce(in_tenant, subject), 0, sha256(''))
    on conflict (chain_id) do update set sequence = h.sequence
    returning * into head;
  event.id := uuidv7();
  event.chain_id := head.chain_id;
  event.sequence := head.sequence + 1;
  event.tenant_id := in_tenant;
  event.at := clock_timestamp();
  event.action := action;
  event.actor_id := actor;
  event.target_type := target_type;
  event.target_id := target;
  event.changes := changes;
  event.request_id := request_id;
  event.ip := ip;
  event.hash := audit_hash(head.hash, event);
  insert into audit_events values (event.*);
  update audit_heads h set sequence = event.sequence, hash = event.hash where h.chain_id = head.chain_id;
end
$$;
comment on function append_audit_event is
  'The only way to write the trail: appends to the chain of the tenant, or of the person where there is none. Who acted is who the scope belongs to.';

create function verify_audit_chain(chain uuid)
returns table (events bigint, broken_sequence bigint, fault text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  with linked as (
    select e.sequence,
      row_number() over (order by e.sequence) as expected_sequence,
      e.hash = audit_hash(
        lag(e.hash, 1, sha256('')) over (order by e.sequence), e::audit_events
      ) as is_right
    from audit_events e where e.chain_id = chain
  ),
  first_fault as (
    select l.sequence,
      case when l.sequence <> l.expected_sequence then 'a row before this one is missing'
           else 'the row does not say what it said when it was written' end as fault
    from linked l
    where l.sequence <> l.expected_sequence or not l.is_right
    order by l.sequence limit 1
  ),
  tail as (
    select h.sequence, h.hash, (select max(l.sequence) from linked l) as last_sequence,
      (select e.hash from audit_events e where e.chain_id = chain order by e.sequence desc limit 1) as last_hash
    from audit_heads h where h.chain_id = chain
  )
  select
    (select count(*) from linked),
    coalesce((select f.sequence from first_fault f),
      (select coalesce(t.last_sequence, 0) + 1 from tail t
       where t.last_sequence is distinct from t.sequence or t.last_hash is distinct from t.hash)),
    coalesce((select f.fault from first_fault f),
      (select 'the end of the chain is missing' from tail t
       where t.last_sequence is distinct from t.sequence or t.last_hash is distinct from t.hash));
end;
comment on function verify_audit_chain is
  'Reads a chain from its start: how many rows there are and the first that is altered or missing, or null.';

grant usage, create on schema public to tenantry_definer;
do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'public'::regnamespace
      and p.proname in ('append_audit_event', 'verify_audit_chain')
  loop
    execute format('alter function %s owner to tenantry_definer', signature);
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to tenantry_app', signature);
    execute format('grant execute on function %s to %I', signature, current_user);
  end loop;
end
$$;
revoke create on schema public from tenantry_definer;
grant select, insert, update on audit_events, audit_heads to tenantry_definer;
grant select on audit_events to tenantry_app;
