import { type Caller, type House, houseOf, houses, listRights } from './callers.ts';

/**
 * Words that stand in every text of a tenant and nowhere else. An answer that holds the word of a
 * tenant shows something of that tenant, whatever field it came through.
 */
export const wordOf: Record<House, string> = {
  home: 'cedarfinch',
  foreign: 'basaltwren',
  third: 'ambermoth',
  office: 'quartzlark',
};

/** The sessions of a tenant's people come from its own address (RFC 5737). */
export const addressOf: Record<House, string> = {
  home: '192.0.2.11',
  foreign: '198.51.100.22',
  third: '203.0.113.33',
  office: '192.0.2.44',
};

/** Of the one who belongs to two tenants, whose people may all read it. */
export const boundWord = 'willowroe';

/** In the texts about one person, and in those about the person's sessions. */
export const personWord = (house: House, name: string) => `${wordOf[house]}-${name}`;
export const agentWord = (word: string) => `agent of ${word}`;

/** Everybody in `home`, by name and by word. */
const people = ['owner', 'admin', 'member', 'impersonated', 'viewer', 'colleague', 'bound'];
const wordOfInsider = (name: string) => (name === 'bound' ? boundWord : personWord('home', name));

/** Words of the tenants that the caller does not belong to; none for platform administrators. */
export function listForeignWords(caller: Caller): string[] {
  if (caller === 'platformAdmin') return [];
  return houses
    .filter((house) => house !== houseOf[caller])
    .flatMap((house) => [wordOf[house], addressOf[house]]);
}

/** Words of the caller's own tenant that it has no permission to read. */
export function listClosedWords(caller: Caller): string[] {
  if (houseOf[caller] !== 'home') return [];
  const others = people.filter((name) => name !== caller);
  const rights = listRights(caller);
  // Everybody sees who owns the tenant.
  const hidden = rights.has('members:read') ? [] : others.filter((name) => name !== 'owner');
  const hiddenAgents = rights.has('sessions:read') ? [] : others;
  return [
    ...(rights.has('invitations:read') ? [] : [personWord('home', 'invited')]),
    ...hidden.map(wordOfInsider),
    ...hiddenAgents.map((name) => agentWord(wordOfInsider(name))),
  ];
}
