create or replace function source_bucket(source inet) returns text
language sql immutable strict parallel safe
return 'source:' || case
  when family(source) = 6 then network(set_masklen(source, 64))::text else host(source)
end;
comment on function source_bucket is
  'One bucket per IPv4 address or IPv6 /64 network, however it is written.';
