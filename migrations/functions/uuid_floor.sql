create or replace function uuid_floor(moment timestamptz) returns uuid
language sql immutable strict parallel safe
return (lpad(to_hex((extract(epoch from moment) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid;
comment on function uuid_floor is 'No UUID of version 7 that was made at this moment or later is smaller.';
