import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { RequestInfo } from '../core/context.ts';
import { createRequestTelemetry } from '../core/request-telemetry.ts';
import { findTextViolation, toHarmlessLine } from '../lib/text.ts';

/** A caller's id is used only if it is safe in logs, headers and SQL. */
const requestIdForm = /^[A-Za-z0-9-]{8,64}$/;

const userAgentLengthMax = 512;
const placeLengthMax = 100;

/** The trust in proxies in front of the server. */
export type ProxyTrust = {
  /** The number of trusted proxies. */
  trustedProxyHops: number;
  /** The header in which they report the caller's location; undefined for none. */
  clientPlaceHeader: string | undefined;
};

/**
 * Describes where a request came from. The id is the caller's `x-request-id` if valid, else a new UUID.
 * The rightmost `trustedProxyHops` addresses of `x-forwarded-for` are trusted; with 0 hops neither that
 * header nor `clientPlaceHeader` is used.
 */
export function getRequestInfo(
  req: IncomingMessage,
  { trustedProxyHops, clientPlaceHeader }: ProxyTrust,
): RequestInfo {
  return {
    id: getRequestId(req.headers['x-request-id']),
    ip: getClientIp(req, trustedProxyHops),
    userAgent: getUserAgent(req.headers['user-agent']),
    place:
      clientPlaceHeader === undefined || trustedProxyHops === 0
        ? null
        : findPlace(req.headers[clientPlaceHeader]),
    telemetry: createRequestTelemetry(),
  };
}

/** The location as plain text of at most 100 characters; null for anything else. */
function findPlace(header: string | string[] | undefined): string | null {
  if (typeof header !== 'string') return null;
  // Node decodes headers as Latin-1; names of cities come in UTF-8.
  const place = Buffer.from(header, 'latin1').toString('utf8').trim();
  const isValid = findTextViolation(place, { min: 1, max: placeLengthMax }) === null;
  return isValid && !place.includes('\ufffd') ? place : null;
}

/** The given id if it is valid, else a new one. */
export function getRequestId(given: string | string[] | null | undefined): string {
  return typeof given === 'string' && requestIdForm.test(given) ? given : randomUUID();
}

/** Sanitized because it is stored and shown: HTTP allows tabs and C1 control characters. */
function getUserAgent(given: string | undefined): string | null {
  return given === undefined ? null : toHarmlessLine(given.slice(0, userAgentLengthMax));
}

const peers = new WeakMap<Socket, string | null>();

/** Cached per connection, since all its requests have the same peer. */
function getPeerIp(socket: Socket): string | null {
  let peer = peers.get(socket);
  if (peer === undefined) {
    peer = normalizeIp(socket.remoteAddress ?? '');
    peers.set(socket, peer);
  }
  return peer;
}

function getClientIp(req: IncomingMessage, trustedProxyHops: number): string | null {
  const peer = getPeerIp(req.socket);
  const forwarded = req.headers['x-forwarded-for'];
  if (trustedProxyHops === 0 || forwarded === undefined) return peer;
  const chain = String(forwarded).split(',');
  // The nearest proxy appended the last entry. Trusted proxies alone wrote a shorter chain.
  const claimed = chain[Math.max(0, chain.length - trustedProxyHops)];
  return normalizeIp(claimed?.trim() ?? '') ?? peer;
}

/** Removes the IPv4-in-IPv6 prefix, brackets and port; null for anything but an address. */
function normalizeIp(text: string): string | null {
  const bare = text
    .replace(/^\[([^\]]*)\](:\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
    .replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
  return isIP(bare) === 0 ? null : bare;
}
