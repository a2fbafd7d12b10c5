-- Mails leave from here: written in the transaction of what they tell of, sent afterwards, so that a mail
-- server that is slow or down neither delays nor fails anything, and no mail tells of what was rolled back.

create table mail_outbox (
  id uuid primary key default uuidv7(),
  recipient text not null,
  sealed_message bytea not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  last_fault text,
  created_at timestamptz not null default now(),
  constraint mail_outbox_attempts_counted check (attempts >= 0)
);
comment on table mail_outbox is 'Mails that are still to be sent. One that was taken over by the mail server is a deleted row.';
comment on column mail_outbox.recipient is 'Canonical e-mail address; a person that is erased takes its mails along.';
comment on column mail_outbox.sealed_message is
  'Subject and text, sealed with a key derived from the secret of the server: links in them hold tokens, which stand nowhere in clear.';
comment on column mail_outbox.next_attempt_at is 'Not to be tried before; while one process sends it, the end of its lease.';

alter table mail_outbox enable row level security;
alter table mail_outbox force row level security;
create policy definer on mail_outbox to tenantry_definer using (true) with check (true);

create function enqueue_mail(to_address text, message bytea) returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  insert into mail_outbox (recipient, sealed_message) values (to_address, message);
end;
comment on function enqueue_mail is 'Puts a mail into the outbox, in the transaction of what it tells of.';

grant usage, create on schema public to tenantry_definer;
do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.proname in ('enqueue_mail')
  loop
    execute format('alter function %s owner to tenantry_definer', signature);
    execute format('revoke all on function %s from public', signature);
    execute format('grant execute on function %s to tenantry_app', signature);
    execute format('grant execute on function %s to %I', signature, current_user);
  end loop;
end
$$;
revoke create on schema public from tenantry_definer;
grant select, insert, update, delete on mail_outbox to tenantry_definer;
