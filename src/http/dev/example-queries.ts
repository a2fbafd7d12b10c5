/** One tab of GraphiQL. GraphiQL takes its title from the name of the operation. */
export type ExampleTab = {
  query: string;
  /** May hold placeholders, which dev/assets/graphiql.js replaces when the operation runs. */
  variables?: object;
};

/** A demo account, whose password is public. */
export type DemoAccount = { email: string; password: string };

/**
 * The tabs that GraphiQL opens with, in the order to try them. Without a demo account the first tab asks for your
 * own.
 */
export function listExamples(account: DemoAccount | null): ExampleTab[] {
  return [createSignInTab(account), ...tabs];
}

/** Without variables, because GraphiQL does not show those of its first tab. */
function createSignInTab(account: DemoAccount | null): ExampleTab {
  const isDemo = account !== null;
  const { email, password } = account ?? { email: 'you@example.com', password: 'your password' };
  return {
    query: `# Run this first: the other tabs then run as this user.${
      isDemo ? '' : '\n# Write your own address and password first.'
    }
# The session is kept in a cookie. If SESSION_COOKIES is off,
# write the token into the Headers pane of each tab:
# { "Authorization": "Bearer <token>" }
mutation SignIn {
  signIn(input: {
    email: ${JSON.stringify(email)}
    password: ${JSON.stringify(password)}
  }) {
    ... on SignInSuccess {
      token
      user { name }
      session { expiresAt }
    }
    ... on Error { code message path }
  }
}`,
  };
}

const tabs: readonly ExampleTab[] = [
  {
    query: `# The signed-in user and their permissions. Null if signed out.
query Viewer {
  viewer {
    user { email name }
    memberships {
      edges { node { tenant { id name slug } roles { key } permissions } }
    }
  }
}`,
  },
  {
    query: `# The page replaces {{tenantId}} by the id of
# your first tenant.
query Members($tenantId: ID!) {
  tenant(id: $tenantId) {
    name
    memberCount
    memberships(first: 10) {
      edges { cursor node { user { name email } roles { name } lastSignInAt } }
      pageInfo { hasNextPage endCursor }
    }
  }
}`,
    variables: { tenantId: '{{tenantId}}' },
  },
  {
    query: `# Invites a new address each time.
# The mail is at /dev/inbox
mutation InviteMembers($input: InviteMembersInput!) {
  inviteMembers(input: $input) {
    ... on InviteMembersSuccess {
      results {
        email
        invitation { status expiresAt }
        error { code message path }
      }
    }
    ... on Error { code message path }
  }
}`,
    variables: {
      input: {
        tenantId: '{{tenantId}}',
        invitations: [{ email: 'guest-{{now}}@example.com', roleKeys: ['member'] }],
      },
    },
  },
  {
    query: `# Shows each change in the tenant as it happens.
# Run this, then invite someone in a second window:
# changing the tab here stops the subscription.
subscription AuditEvents($tenantId: ID!) {
  auditEvents(tenantId: $tenantId) {
    sequence
    at
    action
    actor { ... on User { name } }
    changes
  }
}`,
    variables: { tenantId: '{{tenantId}}' },
  },
  {
    query: `mutation CreateTenant($input: CreateTenantInput!) {
  createTenant(input: $input) {
    ... on CreateTenantSuccess { tenant { id name slug } }
    ... on Error { code message path }
  }
}`,
    variables: { input: { name: 'Analytical Engines' } },
  },
  {
    query: `# A key for a program, which the next tab verifies.
mutation CreateApiKey($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    ... on CreateApiKeySuccess {
      secret
      apiKey { id name permissions expiresAt }
    }
    ... on Error { code message path }
  }
}`,
    variables: {
      input: { tenantId: '{{tenantId}}', name: 'Reporting', permissions: ['members:read'] },
    },
  },
  {
    query: `# How another service verifies a key. The page replaces
# {{apiKey}} by the key from CreateApiKey.
query VerifyApiKey($key: String!) {
  verifyApiKey(key: $key, permissions: ["members:read", "members:update"]) {
    valid
    tenant { slug }
    permissions
    missing
  }
}`,
    variables: { key: '{{apiKey}}' },
  },
  {
    query: `query Sessions {
  viewer {
    sessions {
      edges { node { id createdAt lastSeenAt ip device isCurrent } }
    }
  }
}`,
  },
  {
    query: `# For platform administrators, such as
# root@tenantry.example of the demo.
query Tenants {
  tenants(first: 100) {
    edges { node { name slug memberCount owners { email } } }
  }
}`,
  },
  {
    query: `# Creates a new user each time, signs them in
# and gives them a new tenant.
mutation SignUp($input: SignUpInput!) {
  signUp(input: $input) {
    ... on SignUpSuccess {
      user { email name }
      tenant { name slug }
    }
    ... on Error { code message path }
  }
}`,
    variables: {
      input: {
        email: 'mary-{{now}}@example.com',
        password: 'one long memorable sentence',
        name: 'Mary',
        tenantName: 'Jackson Labs',
      },
    },
  },
  {
    query: `mutation SignOut {
  signOut {
    ... on SignOutSuccess { ok }
    ... on Error { code message path }
  }
}`,
  },
];
