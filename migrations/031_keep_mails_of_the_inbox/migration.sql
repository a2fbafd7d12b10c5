-- Invitations were written without the mark of the inbox, and would have been sent, with links to a page of
-- development, as soon as a mail server was set. A server that sends takes a mail within seconds; one that nobody
-- has tried to send for ten minutes, in a database whose mails are shown, was written to be shown.

-- The owner writes here once: row security lets only the functions in.
alter table mail_outbox no force row level security;
update mail_outbox set is_for_inbox = true
  where not is_for_inbox and attempts = 0 and created_at < now() - interval '10 minutes'
    and exists (select from mail_outbox shown where shown.is_for_inbox);
alter table mail_outbox force row level security;

comment on column mail_outbox.sealed_message is
  'Subject and body, sealed with a key derived from the secret of the server: links in it hold tokens, which stand nowhere in clear. A link holds what it is for; its address is that of the settings when the mail is sent.';

-- The owner of the database may act as this role without being a member that inherits from it.
set local role tenantry_definer;
comment on function enqueue_mail is
  'Puts a mail into the outbox, in the transaction of what it tells of; or into the inbox of development, which keeps the newest hundred. Every caller says which; the default is for servers of the release before.';
reset role;
