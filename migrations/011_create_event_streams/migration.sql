-- The trail as a stream, and as something that can forget: who an entry is about, so that people hear of
-- what is done to them; salted digests in the chain, so that what is personal can be taken out of a row
-- and the row still be proven.

alter table audit_events
  add column person_id uuid,
  add column changes_salt bytea,
  add column changes_digest bytea,
  add column ip_salt bytea,
  add column ip_digest bytea,
  add column redacted_at timestamptz;
comment on column audit_events.person_id is
  'The user it is about, found when it is written: of a membership or session its user, of an invitation who has that address.';
comment on column audit_events.changes_salt is
  'Random; the chain holds only the digest of salt and changes, so that nobody can guess what was there once both are gone.';
comment on column audit_events.changes_digest is 'What changes came to; set when they are taken out, and the salt with them.';
comment on column audit_events.ip_salt is 'The same for the address.';
comment on column audit_events.ip_digest is 'The same for the address.';
comment on column audit_events.redacted_at is 'When personal data was taken out of it.';

create index audit_events_person_id_id_idx on audit_events (person_id, id) where person_id is not null;
comment on index audit_events_person_id_id_idx is
  'viewerEvents: what was done to a person lately; erasing a user: what was said about it';

create index audit_events_actor_id_idx on audit_events (actor_id) where ip is not null;
comment on index audit_events_actor_id_idx is 'erasing a user: the addresses of what it did';

create index audit_events_impersonator_id_idx on audit_events (impersonator_id)
  where impersonator_id is not null and ip is not null;
comment on index audit_events_impersonator_id_idx is 'erasing a user: the addresses of what it did as somebody else';

create index audit_events_invited_email_idx
  on audit_events ((coalesce(changes #>> '{email,1}', changes #>> '{email,0}')))
  where target_type = 'Invitation';
comment on index audit_events_invited_email_idx is 'erasing a user: invitations to its address';

create index audit_events_chain_id_target_id_sequence_idx on audit_events (chain_id, target_id, sequence);
comment on index audit_events_chain_id_target_id_sequence_idx is
  'tenant.auditEvents(where: { targetId }): what was done to one object, newest first';

create index audit_events_chain_id_at_idx on audit_events (chain_id, at);
comment on index audit_events_chain_id_at_idx is 'tenant.auditEvents(where: { from, to }): a stretch of time';

create index audit_events_chain_id_impersonated_idx on audit_events (chain_id, sequence)
  where impersonator_id is not null;
comment on index audit_events_chain_id_impersonated_idx is
  'tenant.auditEvents(where: { isImpersonated: true }): the few among many, newest first';

-- Writing and proving -------------------------------------------------------------------------------

create function audit_digest(salt bytea, content text) returns bytea
language sql immutable parallel safe set search_path = pg_catalog, public, pg_temp
begin atomic
  select sha256(salt || convert_to(content, 'UTF8'));
end;
comment on function audit_digest is 'What the chain holds of a part that may be taken out later.';

create or replace function audit_hash(previous bytea, event audit_events) returns bytea
language sql immutable parallel safe set search_path = pg_catalog, public, pg_temp
begin atomic
  -- jsonb prints equal values equally, so the text is the same wherever it is hashed again. Rows without
  -- salts are from before there were any and keep their hashes; there, what has been added since is
  -- hashed where it says something.
  select sha256(previous || convert_to((case
    when event.changes_salt is null and event.changes_digest is null then jsonb_build_array(
      event.id, event.chain_id, event.sequence, event.tenant_id, (extract(epoch from event.at) * 1000000)::bigint,
      event.action, event.actor_id, event.impersonator_id, event.target_type, event.target_id, event.changes,
      event.request_id, host(event.ip)
    ) || case when event.actor_type = 'User' then '[]'::jsonb else jsonb_build_array(event.actor_type) end
    else jsonb_build_array(
      'v2', event.id, event.chain_id, event.sequence, event.tenant_id,
      (extract(epoch from event.at) * 1000000)::bigint,
      event.action, event.actor_type, event.actor_id, event.impersonator_id, event.target_type, event.target_id,
      event.person_id, event.request_id,
      encode(coalesce(event.changes_digest, audit_digest(event.changes_salt, event.changes::text)), 'hex'),
      encode(coalesce(event.ip_digest, audit_digest(event.ip_salt, coalesce(host(event.ip), ''))), 'hex')
    )
  end)::text, 'UTF8'));
end;

create function find_audit_person(action text, target_type text, target uuid, changes jsonb) returns uuid
language sql stable set search_path = pg_catalog, public, pg_temp
begin atomic
  select case target_type
    when 'User' then target
    when 'Membership' then coalesce((select m.user_id from user_tenants m where m.id = target), n.named)
    when 'Session' then (select s.user_id from sessions s where s.id = target)
    when 'Invitation' then (
      select u.id from users u where u.email = coalesce(changes #>> '{email,1}', changes #>> '{email,0}'))
    when 'Tenant' then coalesce(n.named, case when action = 'tenant.created' then current_user_id() end)
  end
  from (
    -- What is written there is for people too, and need not be an id.
    select case when t.text ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then t.text::uuid end as named
    from (
      select coalesce(changes #>> '{userId,0}', changes #>> '{userId,1}', changes #>> '{owner,1}') as text
    ) t
  ) n;
end;
comment on function find_audit_person is 'Whom an entry is about, by what it was done to; null where that is nobody in particular.';

-- Only its owner replaces a function, and whoever migrates may be no superuser.
grant usage, create on schema public to tenantry_definer;
set local role tenantry_definer;

create or replace function append_audit_event(
  in_tenant uuid, subject uuid, action text, target_type text, target uuid, changes jsonb,
  request_id text, ip inet
)
returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  actor uuid := current_user_id();
  api_key uuid := current_api_key_id();
  is_known_tenant boolean := is_operator() or in_tenant = current_tenant_id() or is_platform_scope() or exists (
    select from user_tenants m where m.tenant_id = in_tenant and m.user_id = actor and m.is_active
  );
  is_known_subject boolean := is_operator() or subject is null or subject = actor or is_platform_scope();
  head audit_heads;
  event audit_events;
begin
  event.person_id := coalesce(subject, find_audit_person(action, target_type, target, changes));
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
  event.actor_id := coalesce(api_key, actor);
  event.actor_type := case when api_key is null then 'User' else 'ApiKey' end;
  event.impersonator_id := current_impersonator_id();
  event.target_type := target_type;
  event.target_id := target;
  event.changes := changes;
  event.request_id := request_id;
  event.ip := ip;
  -- 122 random bits each, by the strong generator of the server.
  event.changes_salt := uuid_send(gen_random_uuid());
  event.ip_salt := uuid_send(gen_random_uuid());
  event.hash := audit_hash(head.hash, event);
  insert into audit_events values (event.*);
  update audit_heads h set sequence = event.sequence, hash = event.hash where h.chain_id = head.chain_id;
end
$$;

reset role;

drop function verify_audit_chain(uuid);
create function verify_audit_chain(chain uuid)
returns table (events bigint, redacted bigint, broken_sequence bigint, fault text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  with linked as (
    select e.sequence, e.redacted_at is not null as is_redacted,
      row_number() over (order by e.sequence) as expected_sequence,
      case when e.redacted_at is not null and num_nonnulls(e.changes_salt, e.changes_digest) = 0
        -- From before there were digests, taken out since: only its place can still be proven. None such
        -- can stand after a row with a digest.
        then count(coalesce(e.changes_salt, e.changes_digest)) over (order by e.sequence) = 0
        else e.hash = audit_hash(lag(e.hash, 1, sha256('')) over (order by e.sequence), e::audit_events)
          -- Where a digest stands for something, nothing else may stand.
          and (e.changes_digest is null or e.changes = '{}') and (e.ip_digest is null or e.ip is null)
      end as is_right
    from audit_events e where e.chain_id = chain
  ),
  first_fault as (
    select l.sequence,
      case when l.sequence <> l.expected_sequence then 'a row before this one is missing'
           else 'the row does not say what it said when it was written' end as fault
    from linked l
    where l.sequence <> l.expected_sequence or l.is_right is not true
    order by l.sequence limit 1
  ),
  -- Also without a head: then all of the chain, or its head, has been cut off.
  tail as (
    select h.sequence, h.hash, n.sequence as last_sequence, n.hash as last_hash
    from (select chain) c
    left join audit_heads h on h.chain_id = c.chain
    left join lateral (
      select e.sequence, e.hash from audit_events e where e.chain_id = c.chain
      order by e.sequence desc limit 1
    ) n on true
  ),
  tail_fault as (
    select coalesce(least(t.last_sequence, t.sequence), 0) + 1 as sequence,
      'the end of the chain is missing' as fault
    from tail t where (t.last_sequence, t.last_hash) is distinct from (t.sequence, t.hash)
  )
  select
    (select count(*) from linked),
    (select count(*) from linked l where l.is_redacted),
    coalesce((select f.sequence from first_fault f), (select f.sequence from tail_fault f)),
    coalesce((select f.fault from first_fault f), (select f.fault from tail_fault f));
end;
comment on function verify_audit_chain is
  'Reads a chain from its start: how many rows there are, from how many personal data was taken out, and the first that is altered or missing, or null.';

-- Forgetting ----------------------------------------------------------------------------------------

create function redact_audit_events(subject uuid, address text) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp
as $$
declare
  -- What is said of a person in words that are not personal: ids, keys, numbers, names of fields, and
  -- why something was done. Everything else is taken out.
  impersonal constant text[] := array['userId', 'roles', 'isActive', 'fields', 'memberships', 'count',
    'tenantId', 'owner', 'status', 'reason', 'slug', 'until', 'expiresAt'];
begin
  update audit_events e set
      ip_digest = case when e.ip_salt is not null then audit_digest(e.ip_salt, host(e.ip)) end,
      ip = null, ip_salt = null, redacted_at = now()
    where e.ip is not null and (
      (e.actor_id = subject and e.actor_type = 'User')
      or (e.impersonator_id is not null and e.impersonator_id = subject));
  update audit_events e set
      changes_digest = case when e.changes_salt is not null then audit_digest(e.changes_salt, e.changes::text) end,
      changes = '{}', changes_salt = null, redacted_at = now()
    where (e.person_id = subject or e.chain_id = subject) and e.changes - impersonal <> '{}';
  update audit_events e set
      changes_digest = case when e.changes_salt is not null then audit_digest(e.changes_salt, e.changes::text) end,
      changes = '{}', changes_salt = null, redacted_at = now()
    where e.target_type = 'Invitation'
      and coalesce(e.changes #>> '{email,1}', e.changes #>> '{email,0}') = address;
end
$$;
comment on function redact_audit_events is
  'Takes out of the trail from where a person acted and what was said of it but ids and rights; called by erase_user(). The chain holds digests, so every row can still be proven.';

set local role tenantry_definer;

create or replace function erase_user(subject uuid) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  address text;
begin
  if subject is distinct from current_user_id() and not is_platform_scope() then
    return false;
  end if;
  select u.email into address from users u where u.id = subject;
  if not found then
    return false;
  end if;
  delete from sign_in_budgets b
    where b.bucket = 'account:' || encode(sha256(convert_to(address, 'UTF8')), 'hex');
  perform redact_audit_events(subject, address);
  delete from users u where u.id = subject;
  return found;
end
$$;
comment on function erase_user is
  'Removes a person with password, memberships and sessions, and what is personal from the trail, which keeps the id alone. False for anybody but oneself outside the platform scope.';

reset role;

-- Streams -------------------------------------------------------------------------------------------

create function list_audit_heads(chain_ids uuid[]) returns table (chain_id uuid, sequence bigint)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select h.chain_id, h.sequence from audit_heads h where h.chain_id = any (chain_ids);
end;
comment on function list_audit_heads is
  'How far each of these chains goes: all streams of a process ask together whether there is something new.';

create function list_viewer_events(user_ids uuid[])
returns table (
  user_id uuid, id uuid, tenant_id uuid, at timestamptz, action text, target_type text, target_id uuid,
  changes jsonb
)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select asked.user_id, e.id, e.tenant_id, e.at, e.action, e.target_type, e.target_id, e.changes
  from unnest(user_ids) asked (user_id)
  cross join lateral (
    select n.* from audit_events n
    where n.person_id = asked.user_id and n.id >= (select uuidv7(interval '-30 seconds'))
    order by n.id desc limit 200
  ) e
  order by e.id;
end;
comment on function list_viewer_events is
  'What was done to these users in the last 30 seconds. Their entries stand in many chains and become visible as they are committed, which no transaction puts off for so long: who asks more often and passes over what it knows misses nothing.';

create function list_grants(user_ids uuid[], tenant_ids uuid[], permissions text[])
returns table (ordinal bigint, is_granted boolean)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select asked.ordinal, exists (
    select from membership_roles mr join roles r on r.tenant_id = mr.tenant_id and r.id = mr.role_id
    where mr.tenant_id = m.tenant_id and mr.membership_id = m.id and asked.permission = any (r.permissions)
  )
  from unnest(user_ids, tenant_ids, permissions) with ordinality asked (user_id, tenant_id, permission, ordinal)
  join user_tenants m on m.tenant_id = asked.tenant_id and m.user_id = asked.user_id and m.is_active
  join users u on u.id = m.user_id and u.status = 'active'
  join tenants t on t.id = m.tenant_id and t.status = 'active';
end;
comment on function list_grants is
  'Whether each of these users has the permission now in the tenant beside it, no row where it does not belong there: all streams of a process are checked together.';

-- Rights -------------------------------------------------------------------------------------------

do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'public'::regnamespace
      and p.proname in ('verify_audit_chain', 'list_audit_heads', 'list_viewer_events', 'list_grants')
  loop
    execute format('alter function %s owner to tenantry_definer', signature);
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to tenantry_app', signature);
    execute format('grant execute on function %s to %I', signature, current_user);
  end loop;
end
$$;
revoke create on schema public from tenantry_definer;
