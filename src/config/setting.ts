import { z } from 'zod';
import { readOrigin, splitOrigins } from './origins.ts';

/** A setting's documentation and rules besides its shape. */
type Notes<F> = {
  /** One line that describes it, with its unit. */
  about: string;
  /** The default as text; undefined without one. */
  fallback: F;
  /** Describes the default if `fallback` is undefined. */
  fallbackNote?: string;
};

/** A setting: its parser and its documentation. */
export type Setting<T, F extends string | undefined> = Notes<F> & {
  schema: z.ZodType<T, string>;
  /** Completes the sentence "NAME must be …". */
  expects: string;
  /** A value to show in .env.example instead of the default. */
  sample?: string;
  /** Whether error messages must not repeat the value. */
  isSecret: boolean;
  /** Describes what is wrong with a text, if `expects` is not enough. */
  explain?: (text: string) => string;
};

/** A setting of any type, for code that only documents or parses it. */
export type AnySetting = Setting<unknown, string | undefined>;

/** The parsed value of a setting; may be undefined if it has no fallback. */
export type Value<S> =
  S extends Setting<infer T, infer F> ? (F extends string ? T : T | undefined) : never;

/** A whole number in plain digits, within inclusive bounds. */
export function integer<F extends string | undefined>(min: number, max: number, notes: Notes<F>) {
  const schema = z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .refine((value) => value >= min && value <= max);
  return setting(schema, `a whole number from ${min} to ${max}`, notes);
}

/** One of a few words, exactly as written. */
export function choice<const W extends string, F extends string | undefined>(
  words: readonly W[],
  notes: Notes<F>,
) {
  const schema = z.string().pipe(z.enum(words));
  return setting(schema, `one of ${words.join(', ')}`, notes);
}

/** A switch, written `on` or `off`. */
export function toggle<F extends string | undefined>(notes: Notes<F>) {
  const schema = z
    .string()
    .regex(/^(on|off)$/)
    .transform((value) => value === 'on');
  return setting(schema, 'on or off', notes);
}

/** Free text that matches a pattern. */
export function text<F extends string | undefined>(
  pattern: RegExp,
  expects: string,
  notes: Notes<F>,
) {
  return setting(z.string().regex(pattern), expects, notes);
}

/** A list of browser origins, each as browsers send it; the first label of a name may be `*`. */
export function origins<F extends string | undefined>(notes: Notes<F>) {
  const schema = z.string().transform((list, context) => {
    const entries = splitOrigins(list).map(readOrigin);
    const read = entries.flatMap((entry) => ('origin' in entry ? [entry.origin] : []));
    if (read.length < entries.length) context.addIssue({ code: 'custom', input: list });
    return [...new Set(read)];
  });
  const expects = 'a comma-separated list of origins such as https://app.example.com';
  return { ...setting(schema, expects, notes), explain: explainOrigins };
}

/** The address of a web page, without a fragment. */
export function webAddress<F extends string | undefined>(notes: Notes<F>) {
  const schema = z
    .string()
    .refine((value) => /^https?:\/\/[^#\s]+$/.test(value) && URL.canParse(value));
  return setting(schema, 'a web address without #, such as https://app.example.com/join', notes);
}

/** The address of a website, without a trailing slash. */
export function siteAddress<F extends string | undefined>(notes: Notes<F>) {
  const schema = z
    .string()
    .refine((value) => /^https?:\/\/[^?#\s]+$/.test(value) && URL.canParse(value))
    .transform((value) => value.replace(/\/+$/, ''));
  return setting(schema, 'a web address without ? and #, such as https://app.example.com', notes);
}

/** The URL of an HTTP service, with or without a path. */
export function serviceUrl<F extends string | undefined>(notes: Notes<F>) {
  const schema = z
    .string()
    .refine((value) => /^https?:\/\/[^?#\s]+$/.test(value) && URL.canParse(value));
  return setting(schema, 'an address such as http://collector:4318', notes);
}

/** A share from 0 to 1. */
export function share<F extends string | undefined>(notes: Notes<F>) {
  const schema = z
    .string()
    .regex(/^(0|1|[01]?\.\d{1,15})$/)
    .transform(Number)
    .refine((value) => value <= 1);
  return setting(schema, 'a number from 0 to 1', notes);
}

/** Names with percent-encoded values, in OpenTelemetry's format. */
export function pairs<F extends string | undefined>(notes: Notes<F>) {
  const schema = z
    .string()
    .transform((list) => list.split(',').filter((entry) => entry.trim() !== ''))
    .refine((entries) => entries.every(isPair))
    .transform((entries) => Object.fromEntries(entries.map(readPair)));
  return setting(schema, 'a comma-separated list of name=value', notes);
}

/** The URL of a PostgreSQL database, parsed by database-urls.ts; secret, because it has a password. */
export function databaseUrl<F extends string | undefined>(notes: Notes<F>) {
  const expects = 'a URL such as postgresql://user:password@host:5432/database';
  return { ...setting(z.string(), expects, notes), isSecret: true };
}

/** The URL of a mail server; secret, because it has a password. */
export function smtpUrl<F extends string | undefined>(notes: Notes<F>) {
  const schema = z
    .string()
    .refine((value) => /^smtps?:\/\/[^/]/.test(value) && URL.canParse(value));
  const expects = 'a URL such as smtp://user:password@host:587 or smtps://user:password@host';
  return { ...setting(schema, expects, notes), isSecret: true };
}

/** The sender of mails: an address, or a name and the address in angle brackets. */
export function sender<F extends string | undefined>(notes: Notes<F>) {
  const schema = z
    .string()
    .regex(/^([^<>"\p{Cc}\p{Zl}\p{Zp}]{1,100} <[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/u)
    // An encoded word of RFC 2047, which mail programs would decode.
    .refine((value) => !value.includes('=?'))
    .transform((value) => {
      const [, name = '', address = value] = /^(.*) <(.*)>$/.exec(value) ?? [];
      return { name: name.trim(), address };
    });
  return setting(schema, 'an address such as Tenantry <no-reply@example.com>', notes);
}

/** A secret of at least `lengthMin` characters that is not the published sample. */
export function secret<F extends string | undefined>(
  lengthMin: number,
  sample: string,
  notes: Notes<F>,
) {
  const schema = z
    .string()
    .min(lengthMin)
    .refine((value) => value !== sample);
  const expects = `at least ${lengthMin} characters and not the sample from .env.example`;
  return { ...setting(schema, expects, notes), sample, isSecret: true };
}

function setting<T, F extends string | undefined>(
  schema: z.ZodType<T, string>,
  expects: string,
  notes: Notes<F>,
): Setting<T, F> {
  return { ...notes, schema, expects, isSecret: false };
}

function explainOrigins(list: string): string {
  const problems = splitOrigins(list).flatMap((entry) => {
    const read = readOrigin(entry);
    return 'problem' in read ? [`${JSON.stringify(entry.slice(0, 80))} ${read.problem}`] : [];
  });
  return problems.join('; ');
}

function isPair(entry: string): boolean {
  const value = /^\s*[^=\s]+\s*=(.*)$/.exec(entry)?.[1];
  if (value === undefined) return false;
  try {
    decodeURIComponent(value);
    return true;
  } catch {
    return false;
  }
}

function readPair(entry: string): [name: string, value: string] {
  const at = entry.indexOf('=');
  return [entry.slice(0, at).trim(), decodeURIComponent(entry.slice(at + 1).trim())];
}
