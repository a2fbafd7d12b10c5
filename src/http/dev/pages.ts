import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { HttpResponse } from '../response.ts';
import { type InboxEntry, renderInbox } from './inbox.ts';
import { explainRemote } from './local-request.ts';
import { renderTryPage } from './try-pages.ts';

/** Returns a page below /dev/, or null. */
export type FindDevPage = (req: IncomingMessage, path: string) => Promise<HttpResponse | null>;

export type DevPagesOptions = {
  /** Serves the pages that links in mails lead to without a frontend. */
  hasPages: boolean;
  /** Mails for the inbox, newest first; null for no inbox. */
  listMails: (() => Promise<readonly InboxEntry[]>) | null;
};

const assets: Readonly<Record<string, string>> = {
  '/dev/dev.css': 'text/css',
  '/dev/inbox.js': 'text/javascript',
  '/dev/try.js': 'text/javascript',
};

/** No inline scripts or styles, and none from elsewhere: the content of mails is untrusted. */
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
 * The development pages: an inbox of unsent mails, and pages to try their links. Not available in production, and
 * only from this machine, because the inbox shows tokens. Requests from elsewhere get 403 with the reason.
 */
export function createDevPages({ hasPages, listMails }: DevPagesOptions): FindDevPage {
  return async (req, path) => {
    if (req.method !== 'GET' || !(hasPages || listMails)) return null;
    const reason = explainRemote(req.headers);
    if (reason !== null) return createForbiddenResponse(reason);
    if (path === '/dev/inbox' && listMails) return createPage(renderInbox(await listMails()));
    if (!hasPages) return null;
    const type = assets[path];
    if (type) {
      const file = new URL(`assets/${path.slice('/dev/'.length)}`, import.meta.url);
      return createTextResponse(type, await readFile(file, 'utf8'));
    }
    const page = renderTryPage(path.slice('/dev/'.length), { hasInbox: listMails !== null });
    return page === null ? null : createPage(page);
  };
}

/** Plain text, because styles and scripts are forbidden too. */
function createForbiddenResponse(reason: string): HttpResponse {
  const body = `Forbidden: pages under /dev/ are only served to the machine that runs the server.

${reason}

Open http://localhost:<port>/dev/ on that machine, or forward the port with ssh -L.
`;
  return { status: 403, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

function createPage(html: string): HttpResponse {
  const { headers, ...response } = createTextResponse('text/html', html);
  return { ...response, headers: { ...headers, 'content-security-policy': securityPolicy } };
}

function createTextResponse(type: string, body: string): HttpResponse {
  return { status: 200, headers: { 'content-type': `${type}; charset=utf-8` }, body };
}
