-- What creating mutations have answered to a key of the client's, written in the transaction of what they
-- created: who loses an answer on the way asks again with the same key, and nothing is made twice.

create table idempotency_keys (
  slot bytea primary key,
  user_id uuid not null references users (id) on delete cascade,
  fingerprint bytea not null,
  sealed_answer bytea not null,
  expires_at timestamptz not null default now() + interval '24 hours',
  constraint idempotency_keys_slot_length check (octet_length(slot) = 32),
  constraint idempotency_keys_fingerprint_length check (octet_length(fingerprint) = 32)
);
comment on table idempotency_keys is
  'Answers that are given again to who repeats a creating mutation with the same key. The key itself stands nowhere.';
comment on column idempotency_keys.slot is
  'Made from mutation, caller and key with a key derived from the secret of the server.';
comment on column idempotency_keys.user_id is
  'Who asked, whose API key asked, or who was made by it; a person that is erased takes its answers along.';
comment on column idempotency_keys.fingerprint is
  'HMAC-SHA-256 of the input, with a key that takes the secret of the server and the idempotency key to derive: no password in an input can be guessed from it.';
comment on column idempotency_keys.sealed_answer is
  'Sealed with a key that takes the same to derive: answers hold tokens, which stand nowhere in clear.';

create index idempotency_keys_user_id_idx on idempotency_keys (user_id);
comment on index idempotency_keys_user_id_idx is 'eraseUser: a person takes its answers along';

create index idempotency_keys_expires_at_idx on idempotency_keys (expires_at);
comment on index idempotency_keys_expires_at_idx is 'delete_expired_answers(): those that have had their time';

alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
create policy definer on idempotency_keys to tenantry_definer using (true) with check (true);

create function claim_answer(in_slot bytea)
returns table (is_claimed boolean, fingerprint bytea, sealed_answer bytea)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
begin
  begin
    -- Held until the transaction ends. It lies in no table, so a first try that fails leaves nothing behind;
    -- slots that meet in their first 64 bits merely wait for one another.
    perform pg_advisory_xact_lock(substring(in_slot for 8)::bigint);
  exception when lock_not_available then
    return query select false, null::bytea, null::bytea;
    return;
  end;
  -- A statement of its own, so that it sees what the one before us has committed.
  return query
    select true, k.fingerprint, k.sealed_answer
    from (values (in_slot)) asked (slot)
    left join idempotency_keys k on k.slot = asked.slot and k.expires_at > now();
end
$$;
comment on function claim_answer is
  'Waits, no longer than lock_timeout, until nobody else is at work under this slot, holds it until the transaction ends, and shows what was answered under it in the last 24 hours. Not claimed where the wait was too long.';

create function remember_answer(in_slot bytea, owner_id uuid, in_fingerprint bytea, answer bytea)
returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  insert into idempotency_keys (slot, user_id, fingerprint, sealed_answer)
    values (in_slot, owner_id, in_fingerprint, answer)
    on conflict (slot) do update set
      user_id = excluded.user_id, fingerprint = excluded.fingerprint,
      sealed_answer = excluded.sealed_answer, expires_at = excluded.expires_at;
end;
comment on function remember_answer is
  'Keeps an answer for 24 hours, in the transaction of what it tells of. Only after claim_answer() showed none: what stands in its place then has expired.';

create function delete_expired_answers(rows_max integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  deleted integer;
begin
  -- What is lost of this in a crash is deleted again.
  perform set_config('synchronous_commit', 'off', true);
  delete from idempotency_keys k where k.slot in (
    select o.slot from idempotency_keys o where o.expires_at <= now()
    order by o.expires_at limit rows_max for update skip locked);
  get diagnostics deleted = row_count;
  return deleted;
end
$$;
comment on function delete_expired_answers is
  'Deletes at most so many answers that are given no more, by this clock, and tells how many it were.';

grant usage, create on schema public to tenantry_definer;
do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'public'::regnamespace
      and p.proname in ('claim_answer', 'remember_answer', 'delete_expired_answers')
  loop
    execute format('alter function %s owner to tenantry_definer', signature);
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to tenantry_app', signature);
    execute format('grant execute on function %s to %I', signature, current_user);
  end loop;
end
$$;
revoke create on schema public from tenantry_definer;
grant select, insert, update, delete on idempotency_keys to tenantry_definer;
