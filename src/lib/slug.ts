import { randomInt } from 'node:crypto';
import { isUuid } from './uuid.ts';

const slugLengthMin = 3;
const slugLengthMax = 50;
/** As the constraint tenants_slug_form of the database. */
export const slugPattern = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Much more of a name than a slug can hold; bounds the work of decomposing it. */
const nameLengthRead = 200;
const suffixLength = 6;
/** No vowels, so that no word comes of it, and nothing that reads like something else. */
const suffixAlphabet = 'bcdfghjkmnpqrstvwxz23456789';

/** Names that a host, a path or a reader would take for the service itself. */
const reservedSlugs: ReadonlySet<string> = new Set(
  `about abuse account accounts admin administrator api app apps assets auth autoconfig
  autodiscover billing blog cdn contact dashboard dns docs email favicon ftp graphiql graphql health
  healthz help host hostmaster http https imap internal live livez localhost login logout mail
  metrics monitoring new noreply nobody null oauth oauth2 oidc ops password platform pop3
  postmaster privacy public ready readyz register robots root saml security self settings signin
  signout signup smtp sso ssl staff static status superuser support sys sysadmin system terms token
  undefined well-known webmaster wpad www`.split(/\s+/),
);

/** Latin letters that Unicode does not decompose into a plain letter and marks. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ı: 'i',
};

/**
 * Slugs for a name, the first one to be tried first: "Café Zürich & Co." becomes `cafe-zurich-co`, and
 * `cafe-zurich-co-x7k2pq` where that is taken.
 *
 * Promises: all pass `findSlugViolation`, and all but the first end in six random characters; so does the
 * first where the name leaves too little or a reserved word. Random, because a number would say how
 * many tenants of that name there are. A long name is cut between words where it can be. Throws nothing.
 */
export function proposeSlugs(name: string): readonly string[] {
  const words = toWords(name);
  const plain = cutBetweenWords(words, slugLengthMax);
  const isFine = findSlugViolation(plain) === null;
  return [...(isFine ? [plain] : []), addSuffix(words), addSuffix(words)];
}

/**
 * Says why a text may not be a slug, as the end of a sentence about the field, or null if it may.
 *
 * Promises: what passes is 3 to 50 characters of a-z, 0-9 and single inner hyphens (so it is a
 * valid DNS label up to the length and never an `xn--` one), no reserved word, and cannot be
 * mistaken for an id. Throws nothing.
 */
export function findSlugViolation(slug: string): string | null {
  if (!hasSlugLength(slug)) return `must have ${slugLengthMin} to ${slugLengthMax} characters`;
  if (!slugPattern.test(slug)) {
    return 'must be lower-case letters, digits and single hyphens between them';
  }
  if (reservedSlugs.has(slug)) return 'must not be a reserved word';
  return isUuid(slug) ? 'must not look like an id' : null;
}

/**
 * Tells whether a text has the form of a slug, as every stored one has; a reserved word has it too.
 * What has not need not be looked for. Throws nothing.
 */
export function hasSlugForm(text: string): boolean {
  return hasSlugLength(text) && slugPattern.test(text);
}

function hasSlugLength(text: string): boolean {
  return text.length >= slugLengthMin && text.length <= slugLengthMax;
}

function toWords(name: string): string {
  const words = name
    .slice(0, nameLengthRead)
    .toLowerCase()
    .replace(/[ßæœøđðłþı]/g, (letter) => plainLetters[letter] ?? '')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  return trimHyphens(words);
}

function addSuffix(words: string): string {
  const stem = cutBetweenWords(words, slugLengthMax - suffixLength - 1);
  return stem === '' ? createSuffix() : `${stem}-${createSuffix()}`;
}

/** Cuts inside a word only where that word takes up more than half. */
function cutBetweenWords(words: string, lengthMax: number): string {
  if (words.length <= lengthMax) return words;
  const end = words.lastIndexOf('-', lengthMax);
  return words.slice(0, end > lengthMax / 2 ? end : lengthMax);
}

function trimHyphens(text: string): string {
  return text.replace(/^-+|-+$/g, '');
}

function createSuffix(): string {
  const draw = () => suffixAlphabet.charAt(randomInt(suffixAlphabet.length));
  return Array.from({ length: suffixLength }, draw).join('');
}
