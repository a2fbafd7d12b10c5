import { documents, postgraphileDocuments } from './documents.ts';
import type { Request } from './expect.ts';
import { compose, type Person, type World } from './world.ts';

const once = (text: string) => ({ text, times: 1 });
const ofPerson = ({ email }: Person) => once(`"email":"${email}"`);
const isValid = once('"valid":true');

/** The bare server only needs the token. */
export function buildRawRequest(person: Person): Request {
  return { ...compose('', { variables: { token: person.token } }), expect: ofPerson(person) };
}

/** Checks the session of a user with a credential. */
export function buildSessionRequest(credential: string, { token }: Person): Request {
  const variables = { token };
  return {
    ...compose(documents.verifySession, { token: credential, variables }),
    expect: isValid,
  };
}

export function buildSessionAndUserRequest(person: Person): Request {
  const { token } = person;
  return {
    ...compose(documents.verifySessionAndUser, { token, variables: { token } }),
    expect: ofPerson(person),
  };
}

/** Checks an API key, authenticated by the key itself. */
export function buildKeyRequest(key: string): Request {
  const variables = { key };
  return { ...compose(documents.verifyApiKey, { token: key, variables }), expect: isValid };
}

export function buildViewerRequest(person: Person): Request {
  return { ...compose(documents.viewer, { token: person.token }), expect: ofPerson(person) };
}

export function buildTenantsRequest(person: Person): Request {
  return { ...compose(documents.tenants, { token: person.token }), expect: ofPerson(person) };
}

/** A page of 50 members of the largest tenant, by its owner. */
export function buildMembersRequest({ owner, tenantId }: World, after: string | null): Request {
  return {
    ...compose(documents.members, { token: owner, variables: { tenantId, after } }),
    expect: { text: '"lastSignInAt":', times: 50 },
  };
}

/** Rejected if there are too many. */
export function buildSignInRequest(email: string, { password }: World): Request {
  const variables = { email, password };
  return { ...compose(documents.signIn, { variables }), expect: once('"token":"') };
}

export function buildPostgraphileTenantsRequest(person: Person): Request {
  const { email } = person;
  return {
    ...compose(postgraphileDocuments.tenants, { variables: { email } }),
    expect: ofPerson(person),
  };
}

export function buildPostgraphileMembersRequest({ tenantUuid }: World): Request {
  return {
    ...compose(postgraphileDocuments.members, { variables: { tenantId: tenantUuid } }),
    expect: { text: '"lastSignInAt":', times: 50 },
  };
}
