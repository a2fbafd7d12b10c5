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
  -- Nobody writes into the audit log of a tenant or person that it does not act in: such an entry stands
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
comment on function append_audit_event is
  'The only way to write the audit log: appends to the chain of the tenant, or of the person where there is none. Who acted is who the scope belongs to.';
revoke execute on function append_audit_event from public;
grant execute on function append_audit_event to tenantry_app;
