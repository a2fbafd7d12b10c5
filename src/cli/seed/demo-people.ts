type DemoPerson = {
  email: string;
  name: string;
  locale: string | null;
  isPlatformAdmin: boolean;
  metadata: object;
  /** Role by the tenant's slug. */
  roles: Readonly<Record<string, string>>;
  /** Null if they never signed in. */
  hoursSinceSignIn: number | null;
};

/** The demo's tenants. */
export const demoTenants = [
  { slug: 'acme', name: 'Acme', metadata: { plan: 'enterprise', country: 'GB' } },
  { slug: 'globex', name: 'Globex', metadata: { plan: 'team', country: 'US' } },
];

/** The platform admin, who belongs to no tenant. */
const platformAdmin = 'root@tenantry.example';

/** E-mail, name, role by tenant, and hours since the last sign-in, or null if there was none. */
const people: readonly [string, string, DemoPerson['roles'], number | null][] = [
  [platformAdmin, 'Robin Root', {}, null],
  ['ada@acme.example', 'Ada Lovelace', { acme: 'owner' }, 1],
  ['grace@acme.example', 'Grace Hopper', { acme: 'admin' }, 5],
  ['alan@acme.example', 'Alan Turing', { acme: 'member' }, 30],
  ['katherine@acme.example', 'Katherine Johnson', { acme: 'member' }, 200],
  ['edsger@acme.example', 'Edsger Dijkstra', { acme: 'viewer' }, 900],
  ['barbara@acme.example', 'Barbara Liskov', { acme: 'admin', globex: 'member' }, 3],
  ['hedy@globex.example', 'Hedy Lamarr', { globex: 'owner' }, 2],
  ['margaret@globex.example', 'Margaret Hamilton', { globex: 'admin' }, 26],
  ['linus@globex.example', 'Linus Pauling', { globex: 'member' }, 75],
  ['radia@globex.example', 'Radia Perlman', { globex: 'viewer' }, null],
];

/** The demo's users: every built-in role, one user in both tenants, one who never signed in. */
export const demoPeople: readonly DemoPerson[] = people.map(
  ([email, name, roles, hoursSinceSignIn]) => ({
    email,
    name,
    locale: 'en',
    isPlatformAdmin: email === platformAdmin,
    metadata: { demo: true },
    roles,
    hoursSinceSignIn,
  }),
);

/** The published password of a demo account: `demo-password-for-` and what stands before the @. */
export function getDemoPassword(email: string): string {
  return `demo-password-for-${email.split('@')[0]}`;
}

/** Credentials of a demo user; `title` says who it is, such as "owner of Acme". */
export function listDemoAccounts(): { email: string; password: string; title: string }[] {
  return demoPeople.map((person) => ({
    email: person.email,
    password: getDemoPassword(person.email),
    title: describeRoles(person),
  }));
}

/** The account for examples: an owner, who may do everything in a tenant. */
export function getDemoAccount(): { email: string; password: string } {
  const email = 'ada@acme.example';
  return { email, password: getDemoPassword(email) };
}

function describeRoles({ isPlatformAdmin, roles }: DemoPerson): string {
  if (isPlatformAdmin) return 'platform admin';
  return demoTenants
    .filter(({ slug }) => roles[slug] !== undefined)
    .map(({ slug, name }) => `${roles[slug]} of ${name}`)
    .join(', ');
}
