// Everything outside tables, for structure.ts. Each statement returns (place, text) with an empty place. Objects of an
// extension are left out.

const isOfExtension = (classId: string, id: string) => `exists (
    select from pg_depend e where e.classid = ${classId} and e.objid = ${id} and e.deptype = 'e')`;

/** Created by migration 000 on PostgreSQL 17; built in since 18. */
const compatibility = `'uuidv7'`;

const ownFunctions = `pg_proc p
  where p.pronamespace = 'public'::regnamespace and p.prokind <> 'a' and p.proname <> ${compatibility}
    and not ${isOfExtension("'pg_proc'::regclass", 'p.oid')}`;

/** Without versions, which depend on the server. */
export const extensionsSql = `
  select '' as place, format('create extension %I', extname) as text
  from pg_extension where extname <> 'plpgsql'
  order by extname`;

/** Complete, with security, settings and owner. */
export const functionsSql = `
  select '' as place,
    rtrim(pg_get_functiondef(p.oid), E'\\n')
    || format(E';\\nalter function %s owner to %s', p.oid::regprocedure,
      case when p.proowner = current_user::regrole then 'owner' else p.proowner::regrole::text end)
    as text
  from ${ownFunctions}
  order by p.oid::regprocedure::text collate "C"`;

/**
 * Everything else in the schema, by kind and name; views with their query, options and owner. Every object depends on
 * its schema, so nothing is missing.
 */
export const othersSql = `
  select '' as place,
    format('-- %s %s', o.type, o.identity)
    || case when d.classid = 'pg_class'::regclass and o.type in ('view', 'materialized view') then (
      select coalesce(' with (' || array_to_string(c.reloptions, ', ') || ')', '')
        || E' as\\n' || rtrim(pg_get_viewdef(c.oid, true), ';')
        || format(E';\\nalter view %s owner to %s', c.oid::regclass,
          case when c.relowner = current_user::regrole then 'owner' else c.relowner::regrole::text end)
      from pg_class c where c.oid = d.objid
    ) else '' end as text
  from pg_depend d
  cross join lateral pg_identify_object(d.classid, d.objid, d.objsubid) o
  where d.refclassid = 'pg_namespace'::regclass and d.refobjid = 'public'::regnamespace
    and d.deptype = 'n' and o.type not in ('table', 'index', 'function', 'procedure', 'extension')
    and not ${isOfExtension('d.classid', 'd.objid')}
  order by o.type collate "C", o.identity collate "C"`;

/** Grants on the schema, tables, columns and functions, except those of the owner. */
export const grantsSql = `
  with things as (
    select 'schema public' as thing, null as part, nspowner as owner,
      coalesce(nspacl, acldefault('n', nspowner)) as acl
    from pg_namespace where oid = 'public'::regnamespace
    union all
    select c.oid::regclass::text, null, c.relowner, coalesce(c.relacl, acldefault('r', c.relowner))
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')
      and c.relname <> '_prisma_migrations'
    union all
    select a.attrelid::regclass::text, quote_ident(a.attname), c.relowner, a.attacl
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'public'::regnamespace and a.attacl is not null
    union all
    select 'function ' || p.oid::regprocedure, null, p.proowner,
      coalesce(p.proacl, acldefault('f', p.proowner))
    from ${ownFunctions}
  ), rights as (
    select t.thing, x.grantee, x.is_grantable,
      lower(x.privilege_type)
      || coalesce(' (' || string_agg(t.part, ', ' order by t.part collate "C") || ')', '') as privilege
    from things t cross join lateral aclexplode(t.acl) x
    where x.grantee <> t.owner
    group by t.thing, x.grantee, x.is_grantable, x.privilege_type, t.part is null
  )
  select '' as place,
    format('grant %s on %s to %s', string_agg(privilege, ', ' order by privilege collate "C"), thing,
      case when grantee = 0 then 'public' when grantee = current_user::regrole then 'owner'
        else grantee::regrole::text end)
    || case when is_grantable then ' with grant option' else '' end as text
  from rights
  group by thing, grantee, is_grantable
  order by thing collate "C", grantee = 0, grantee = current_user::regrole desc,
    grantee::regrole::text collate "C", is_grantable`;

/** 16384 is the first oid of user objects. */
export const commentsSql = `
  select '' as place,
    format('comment on %s %s is %L', replace(o.type, 'table c', 'c'),
      regexp_replace(o.identity, '\\m(public|pg_catalog)\\.', '', 'g'), d.description) as text
  from pg_description d
  cross join lateral pg_identify_object(d.classoid, d.objoid, d.objsubid) o
  where d.objoid >= 16384 and d.classoid <> 'pg_extension'::regclass
    and not ${isOfExtension('d.classoid', 'd.objoid')}
    and not exists (select from pg_proc p
      where d.classoid = 'pg_proc'::regclass and p.oid = d.objoid and p.proname = ${compatibility})
  order by o.identity collate "C", o.type collate "C"`;
