import { styleText } from 'node:util';
import type { Config } from '../../config.ts';
import { formatPostgresUrl, parsePostgresUrl } from '../../lib/postgres-url.ts';
import { nameFolders } from '../../postgres/folders.ts';
import { listDemoAccounts } from '../seed/demo-people.ts';

/** The message once the server listens. */
export type Welcome = {
  /** The server's origin. */
  url: string;
  ownerUrl: string;
  hasDemo: boolean;
  readySeconds: number;
};

/** Where everything is, for a person at a terminal. Holds no password except the demo's. */
export function formatWelcome(config: Config, welcome: Welcome): string {
  const endpoint = `${toLocalhost(welcome.url)}/graphql`;
  const places: [label: string, value: string][] = [['GraphQL', endpoint]];
  if (config.server.graphiql) places.push(['GraphiQL', `${endpoint}  (open it in a browser)`]);
  if (config.mail.hasInbox) {
    places.push([
      'Inbox',
      `${toLocalhost(welcome.url)}/dev/inbox  (mails, instead of sending them)`,
    ]);
  }
  places.push(...listDatabasePlaces(config, welcome.ownerUrl));
  const title = styleText('bold', `Tenantry is ready after ${welcome.readySeconds.toFixed(1)} s`);
  const lines = [title, '', ...places.map(([label, value]) => `  ${label.padEnd(10)}${value}`)];
  if (welcome.hasDemo) lines.push('', ...formatDemo());
  return ['', ...lines, '', 'Ctrl-C stops the server.', ''].join('\n');
}

function toLocalhost(url: string): string {
  return url.replace('//127.0.0.1:', '//localhost:');
}

function listDatabasePlaces({ database }: Config, ownerUrl: string): [string, string][] {
  const address = parsePostgresUrl(ownerUrl);
  const { sslpassword: _secret, ...parameters } = address.parameters;
  const url = formatPostgresUrl({ ...address, password: null, parameters });
  if (database.url !== undefined) return [['Database', url]];
  const { dataDir, passwordFile } = nameFolders(database.dataDir);
  return [
    ['Database', `PGPASSWORD=$(cat ${passwordFile}) psql ${url}`],
    ['Data', `${dataDir}  (kept between starts)`],
  ];
}

/** The demo's accounts as a table. */
export function formatDemo(): string[] {
  const accounts = listDemoAccounts();
  const width = Math.max(...accounts.map(({ email }) => email.length)) + 2;
  const rows = accounts.map(
    ({ email, password, title }) => `  ${email.padEnd(width)}${password.padEnd(width + 6)}${title}`,
  );
  return ['Demo accounts, for this machine only:', ...rows];
}
