create or replace function verify_audit_chain(chain uuid)
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
revoke execute on function verify_audit_chain from public;
grant execute on function verify_audit_chain to tenantry_app;
