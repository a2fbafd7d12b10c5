import { randomInt } from 'node:crypto';
import { isUuid } from './uuid.ts';

const slugLengthMin = 3;
const slugLengthMax = 50;
/** The same as the constraint tenants_slug_form in the database. */
export const slugPattern = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Much longer than a slug; bounds the work. */
const nameLengthRead = 200;
const suffixLength = 6;
/** Without vowels, so that it spells no word, and without look-alikes. */
const suffixAlphabet = 'bcdfghjkmnpqrstvwxz23456789';

/** Names that could be mistaken for the service itself, in a host, a path or by readers. */
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
 * Proposes slugs for a name, in the order to try: "Café Zürich & Co." becomes `cafe-zurich-co`, or
 * `cafe-zurich-co-x7k2pq` if that is taken.
 *
 * All are valid by `findSlugViolation`. All but the first end in six random characters, and so does the first if the
 * name is too short or reserved; a counter would reveal how many tenants have that name. Long names are cut between
 * words if possible. Throws nothing.
 */
export function proposeSlugs(name: string): readonly string[] {
  const words = toWords(name);
  const plain = cutBetweenWords(words, slugLengthMax);
  const isValid = findSlugViolation(plain) === null;
  return [...(isValid ? [plain] : []), addSuffix(words), addSuffix(words)];
}

/**
 * Returns why a slug is rejected, as the end of a sentence about the field, or null if it is valid.
 *
 * A valid slug has 3 to 50 characters of a-z, 0-9 and single inner hyphens (so it is a DNS label, and never an `xn--`
 * one), is no reserved word and does not look like an id. Throws nothing.
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
 * Whether a text has the form of a slug, as stored slugs and reserved words have; other texts need no lookup. Throws
 * nothing.
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

/** Cuts inside a word only if that word takes more than half. */
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
