-- PostgreSQL 18 brings uuidv7(); on 17 this makes the same in the schema public. On 18 nothing is done.
-- A database that moves on to 18 keeps both: what was made here stays behind pg_catalog's own.

do $compatibility$
begin
  if current_setting('server_version_num')::int >= 180000 then
    return;
  end if;

  -- Version 7 of RFC 9562: 48 bits of milliseconds, 12 bits of the fraction of a millisecond (section 6.2,
  -- method 3, as PostgreSQL 18 has it), 62 random bits. Within a session each is greater than the one before,
  -- also where the clock stands still or steps back. It counts 4,096ths of a millisecond.
  execute $create$
    create function uuidv7() returns uuid
    language plpgsql volatile parallel restricted
    set search_path = pg_catalog, pg_temp
    as $body$
    declare
      now_ticks bigint := floor(extract(epoch from clock_timestamp()) * 4096000);
      last_ticks bigint := nullif(current_setting('tenantry.uuidv7_ticks', true), '')::bigint;
      ticks bigint := greatest(now_ticks, last_ticks + 1);
    begin
      perform set_config('tenantry.uuidv7_ticks', ticks::text, false);
      -- The random bytes of a version 4, below the variant's two bits.
      return encode(
        substring(int8send(ticks >> 12) from 3)
          || int2send((x'7000'::int | (ticks & 4095)::int)::smallint)
          || substring(uuid_send(gen_random_uuid()) from 9),
        'hex')::uuid;
    end
    $body$
  $create$;
  comment on function uuidv7() is
    'PostgreSQL 18''s function of this name, for a server before it.';

  -- The shift moves the time alone; order within a session holds for one shift.
  execute $create$
    create function uuidv7(shift interval) returns uuid
    language plpgsql volatile parallel restricted
    set search_path = pg_catalog, pg_temp
    as $body$
    declare
      ticks bigint := floor(extract(epoch from clock_timestamp() + shift) * 4096000);
    begin
      return encode(
        substring(int8send(ticks >> 12) from 3)
          || int2send((x'7000'::int | (ticks & 4095)::int)::smallint)
          || substring(uuid_send(gen_random_uuid()) from 9),
        'hex')::uuid;
    end
    $body$
  $create$;
  comment on function uuidv7(interval) is
    'PostgreSQL 18''s function of this name, for a server before it.';
end
$compatibility$;
