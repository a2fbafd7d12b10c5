import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { HttpResponse } from '../response.ts';
import { type InboxEntry, renderInbox } from './inbox.ts';
import { explainRemote } from './local-request.ts';
import { renderTryPage } from './try-pages.ts';

/** Returns a page below /dev/, or null where there is none. */
export type FindDevPage = (req: IncomingMessage, path: string) => Promise<HttpResponse | null>;

export type DevPagesOptions = {
  /** The pages that links in mails lead to where there is no frontend yet. */
  hasPages: boolean;
  /** Mails for the inbox, newest first; null for no inbox. */
  listMails: (() => Promise<readonly InboxEntry[]>) | null;
};

const assets: Readonly<Record<string, string>> = {
  '/dev/dev.css': 'text/css',
  '/dev/inbox.js': 'text/javascript',
  '/dev/try.js': 'text/javascript',
};

/** Scripts and styles come from this server alone and never from within a page: mails are strangers'. */
const securityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The conveniences of development: an inbox of the mails that would have been sent, and pages to try
 * what their links are for. Production has none of them. All of them are for the machine itself: the inbox
 * shows tokens. Requests from elsewhere get a 403 that says why.
 */
export function createDevPages({ hasPages, listMails }: DevPagesOptions): FindDevPage {
  return async (req, path) => {
    if (req.method !== 'GET' || !(hasPages || listMails)) return null;
    const sign = explainRemote(req.headers);
    if (sign !== null) return createForbiddenResponse(sign);
    if (path === '/dev/inbox' && listMails) return createPage(renderInbox(await listMails()));
    if (!hasPages) return null;
    const type = assets[path];
    if (type) {
      const file = new URL(`assets/${path.slice('/dev/'.length)}`, import.meta.url);
      return createAnswer(type, await readFile(file, 'utf8'));
    }
    const page = renderTryPage(path.slice('/dev/'.length), { hasInbox: listMails !== null });
    return page === null ? null : createPage(page);
  };
}

/** Says why; as text, since styles and scripts are closed too. */
function createForbiddenResponse(sign: string): HttpResponse {
  const body = `Closed: pages under /dev/ are for the machine that runs the server.

${sign}

Open http://localhost:<port>/dev/ on that machine, or forward the port with ssh -L.
`;
  return { status: 403, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

function createPage(html: string): HttpResponse {
  const { headers, ...answer } = createAnswer('text/html', html);
  return { ...answer, headers: { ...headers, 'content-security-policy': securityPolicy } };
}

function createAnswer(type: string, body: string): HttpResponse {
  return { status: 200, headers: { 'content-type': `${type}; charset=utf-8` }, body };
}
