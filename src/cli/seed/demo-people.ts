type DemoPerson = {
  email: string;
  name: string;
  locale: string | null;
  isPlatformAdmin: boolean;
  metadata: object;
  /** Role by the tenant's slug. */
  roles: Readonly<Record<string, string>>;
  /** Null for somebody who never did. */
  hoursSinceSignIn: number | null;
};

/** The demo's tenants; everybody may know them by heart. */
export const demoTenants = [
  { slug: 'acme', name: 'Acme', metadata: { plan: 'enterprise', country: 'GB' } },
  { slug: 'globex', name: 'Globex', metadata: { plan: 'team', country: 'US' } },
];

/** The demo's people: every built-in role, one person in both tenants, one who never came. */
export const demoPeople: readonly DemoPerson[] = [
  {
    ...createPerson('root@tenantry.example', 'Robin Root', {}),
    isPlatformAdmin: true,
    hoursSinceSignIn: null,
  },
  createPerson('ada@acme.example', 'Ada Lovelace', { acme: 'owner' }, 1),
  createPerson('grace@acme.example', 'Grace Hopper', { acme: 'admin' }, 5),
  createPerson('alan@acme.example', 'Alan Turing', { acme: 'member' }, 30),
  createPerson('katherine@acme.example', 'Katherine Johnson', { acme: 'member' }, 200),
  createPerson('edsger@acme.example', 'Edsger Dijkstra', { acme: 'viewer' }, 900),
  createPerson('barbara@acme.example', 'Barbara Liskov', { acme: 'admin', globex: 'member' }, 3),
  createPerson('hedy@globex.example', 'Hedy Lamarr', { globex: 'owner' }, 2),
  createPerson('margaret@globex.example', 'Margaret Hamilton', { globex: 'admin' }, 26),
  createPerson('linus@globex.example', 'Linus Pauling', { globex: 'member' }, 75),
  { ...createPerson('radia@globex.example', 'Radia Perlman', { globex: 'viewer' }), locale: 'de' },
];

/** The published password of a demo account: `demo-password-for-` and what stands before the @. */
export function getDemoPassword(email: string): string {
  return `demo-password-for-${email.split('@')[0]}`;
}

/** What a person needs to sign in; `title` says who it is, such as "owner of Acme". */
export function listDemoAccounts(): { email: string; password: string; title: string }[] {
  return demoPeople.map((person) => ({
    email: person.email,
    password: getDemoPassword(person.email),
    title: describeRights(person),
  }));
}

function describeRights({ isPlatformAdmin, roles }: DemoPerson): string {
  if (isPlatformAdmin) return 'platform admin';
  return demoTenants
    .filter(({ slug }) => roles[slug] !== undefined)
    .map(({ slug, name }) => `${roles[slug]} of ${name}`)
    .join(', ');
}

function createPerson(
  email: string,
  name: string,
  roles: DemoPerson['roles'],
  hoursSinceSignIn: number | null = null,
): DemoPerson {
  const metadata = { demo: true };
  return { email, name, locale: 'en', isPlatformAdmin: false, metadata, roles, hoursSinceSignIn };
}
