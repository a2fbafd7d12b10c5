create or replace function settle_reset_request(lifetime_seconds integer, mails_max integer, spacing_seconds integer)
returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp
as $$
declare
  request password_reset_requests;
  subject uuid;
  mail_bucket text;
  mailed integer;
begin
  delete from password_reset_requests r where r.id = (
      select o.id from password_reset_requests o order by o.id limit 1 for update skip locked)
    returning r.* into request;
  if not found then
    return false;
  end if;
  -- A flood of requests, from however many sources: mails_max mails in an hour, then one in spacing_seconds. That
  -- is less than a link is good for, so the mailbox always holds a good one, no matter who asked for it.
  mail_bucket := 'reset-mail:' || encode(sha256(convert_to(request.email, 'UTF8')), 'hex');
  if reserve_mail(mail_bucket, mails_max, 3600, 0) > 0 and reserve_mail(mail_bucket || ':spaced', 1, spacing_seconds, 0) > 0 then
    return true;
  end if;
  -- Of a password that was changed since, nobody has asked for a reset.
  select u.id into subject from users u left join password_credentials c on c.user_id = u.id
    where u.email = request.email and u.status = 'active' and coalesce(c.changed_at, '-infinity') <= request.created_at;
  if not found then
    return true;
  end if;
  insert into one_time_tokens as t (user_id, purpose, token_hash, email, expires_at)
    values (subject, 'password_reset', request.token_hash, request.email,
      now() + make_interval(secs => lifetime_seconds))
    on conflict on constraint one_time_tokens_pkey do update
      set token_hash = excluded.token_hash, email = excluded.email,
        created_at = excluded.created_at, expires_at = excluded.expires_at;
  perform enqueue_mail(request.email, request.sealed_message, request.is_for_inbox);
  -- Nobody in particular asks, so nobody stands there as the actor; the audit log is that of the person.
  perform set_config('tenantry.platform', 'on', true);
  perform append_audit_event(null, subject, 'password.reset_requested', 'User', subject, '{}',
    request.request_id, request.ip);
  perform set_config('tenantry.platform', '', true);
  return true;
end
$$;
comment on function settle_reset_request is
  'Takes the oldest request for a reset: with token, mail and audit entry if the address is an active user''s; else it is only counted. False where there is none. For a job, which acts for nobody.';
revoke execute on function settle_reset_request from public;
grant execute on function settle_reset_request to tenantry_app;
