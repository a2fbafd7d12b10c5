import type { GraphQLResult, TestApp } from './app.ts';
import { createPlatformAdmin, createTeam, type Team } from './people.ts';

/** The least number of rows in every list of a crowd. */
export const crowdSize = 60;

export type PageArgs = {
  first?: number | null;
  after?: string | null;
  last?: number | null;
  before?: string | null;
  where?: object | null;
  orderBy?: object | null;
};

export type PageOf = {
  ids: string[];
  cursors: string[];
  totalCount: number | null;
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
};

/** The lists that page in both directions, with all orders, and filters that match more than a page. */
export const lists = {
  tenants: {
    type: 'Tenant',
    orders: [null, ...ordersBy('CREATED_AT', 'SLUG')],
    filters: [{ status: 'ACTIVE' }, { search: 'crowd' }, { metadata: { crowd: true } }],
  },
  users: {
    type: 'User',
    orders: [null, ...ordersBy('CREATED_AT', 'EMAIL')],
    filters: [{ status: 'ACTIVE' }, { search: 'crowd' }, { metadata: { crowd: true } }],
  },
  memberships: {
    type: 'Membership',
    orders: [null, ...ordersBy('LAST_SIGN_IN_AT', 'JOINED_AT')],
    filters: [{ isActive: true }, { roleKey: 'member' }],
  },
};
export type ListName = keyof typeof lists;
export const listNames = Object.keys(lists) as ListName[];

function ordersBy(...fields: string[]) {
  return fields.flatMap((field) => [{ field }, { field, direction: 'DESC' }]);
}

/** Sixty tenants, a team of sixty, and functions that read pages of them as a permitted caller. */
export type Crowd = {
  team: Team;
  /** The response with a page or an error. Memberships are those of `of`, read by its owner. */
  fetchPage: (list: ListName, args: PageArgs, of?: Team) => Promise<GraphQLResult>;
  /** A page. Throws on an error. */
  getPage: (list: ListName, args: PageArgs, of?: Team) => Promise<PageOf>;
  /** All pages from one end to the other. */
  walk: (list: ListName, way: 'first' | 'last', size: number, args: PageArgs) => Promise<PageOf[]>;
};

export async function createCrowd(app: TestApp): Promise<Crowd> {
  const team = await createTeam(app);
  const platformAdmin = await createPlatformAdmin(app);
  await addPeople(app, team, crowdSize - 1);
  await app.owner.query(
    `insert into tenants (slug, name, metadata)
     select 'crowd-' || md5(n::text), 'Crowd ' || n, '{"crowd": true}'
     from generate_series(1, $1::int) n`,
    [crowdSize],
  );

  const fetchPage: Crowd['fetchPage'] = (list, args, of = team) => {
    const isOfTenant = list === 'memberships';
    const ask = isOfTenant ? of.owner.ask : platformAdmin.ask;
    return ask(writeQuery(list), { variables: isOfTenant ? { ...args, id: of.tenantId } : args });
  };

  const getPage: Crowd['getPage'] = async (list, args, of) => {
    const result = await fetchPage(list, args, of);
    if (result.errors) throw new Error(JSON.stringify(result.errors));
    const connection = list === 'memberships' ? result.data.tenant.memberships : result.data[list];
    type Edge = { cursor: string; node: { id: string } };
    return {
      ...connection,
      ids: connection.edges.map(({ node }: Edge) => node.id),
      cursors: connection.edges.map(({ cursor }: Edge) => cursor),
    };
  };

  const walk: Crowd['walk'] = async (list, way, size, args) => {
    const pages: PageOf[] = [];
    let cursor: string | null = null;
    do {
      const position: PageArgs = way === 'first' ? { after: cursor } : { before: cursor };
      const page: PageOf = await getPage(list, { ...args, ...position, [way]: size });
      pages.push(page);
      cursor = findNextCursor(page, way);
    } while (cursor !== null);
    return pages;
  };

  return { team, fetchPage, getPage, walk };
}

function findNextCursor({ pageInfo }: PageOf, way: 'first' | 'last'): string | null {
  const { hasNextPage, endCursor, hasPreviousPage, startCursor } = pageInfo;
  if (way === 'first') return hasNextPage ? endCursor : null;
  return hasPreviousPage ? startCursor : null;
}

function writeQuery(list: ListName): string {
  const { type } = lists[list];
  const isOfTenant = list === 'memberships';
  const field = `${list}(first: $first, after: $after, last: $last, before: $before,
    where: $where, orderBy: $orderBy) { totalCount edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`;
  return `query ($first: Int, $after: String, $last: Int, $before: String,
    $where: ${type}Where, $orderBy: ${type}Order ${isOfTenant ? ', $id: ID!' : ''}) {
    ${isOfTenant ? `tenant(id: $id) { ${field} }` : field} }`;
}

/** Adds members without passwords: a third never signed in, a third did so at the same moment. */
export async function addPeople(app: TestApp, { tenantUuid }: Team, count: number): Promise<void> {
  await app.owner.query(
    `with people as (
       insert into users (email, metadata)
       select 'p' || md5(n::text || $1::text) || '@crowd.example', '{"crowd": true}'
       from generate_series(1, $2::int) n returning id
     ), numbered as (select id, row_number() over (order by id) as n from people),
     joined as (
       insert into user_tenants (tenant_id, user_id, last_sign_in_at)
       select $1::uuid, id, case n % 3 when 0 then 'epoch' when 1 then '2024-05-05T05:05:05.123456Z'
         else '2024-01-01T00:00:00Z'::timestamptz + make_interval(secs => n * 0.000001) end
       from numbered returning id
     )
     insert into membership_roles (tenant_id, membership_id, role_id)
     select $1::uuid, joined.id, r.id from joined
     cross join roles r where r.tenant_id = $1::uuid and r.key = 'member'`,
    [tenantUuid, count],
  );
}
