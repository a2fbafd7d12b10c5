/** The tabs that GraphiQL opens with; a line `# --- Title` begins the next. */
export const exampleQueries = `# --- Sign in
# Run this first, then paste the token
# into the Headers pane of each tab:
# { "Authorization": "Bearer <token>" }
mutation SignIn {
  signIn(input: {
    email: "ada@acme.example"
    password: "demo-password-for-ada"
  }) {
    ... on SignInSuccess {
      token
      user { name }
      session { expiresAt }
    }
    ... on Error { code message path }
  }
}

# --- Who am I
query Viewer {
  viewer {
    user { email name }
    memberships {
      edges { node { tenant { name slug } roles { key } permissions } }
    }
  }
}

# --- Members
query Members {
  tenant(slug: "acme") {
    name
    memberCount
    memberships(first: 10) {
      edges { cursor node { user { name email } roles { name } lastSignInAt } }
      pageInfo { hasNextPage endCursor }
    }
  }
}

# --- My sessions
query Sessions {
  viewer {
    sessions {
      edges { node { id createdAt lastSeenAt ip userAgent isCurrent } }
    }
  }
}

# --- All tenants
# For platform administrators, such as root@tenantry.example of the demo.
query Tenants {
  tenants(first: 100) {
    edges { node { name slug memberCount owners { email } } }
  }
}

# --- Verify a session
query Verify($token: String!) {
  verifySession(token: $token) {
    valid
    user { email }
    permissions
    expiresAt
  }
}
`;
