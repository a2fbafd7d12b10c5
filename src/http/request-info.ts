import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { RequestInfo } from '../core/context.ts';
import { createRequestTelemetry } from '../core/request-telemetry.ts';
import { findTextViolation, toHarmlessLine } from '../lib/text.ts';

/** A caller's own id is kept only if it is harmless in logs, headers and SQL. */
const requestIdForm = /^[A-Za-z0-9-]{8,64}$/;

const userAgentLengthMax = 512;
const placeLengthMax = 100;

/** Reported by trusted proxies about callers. */
export type ProxyTrust = {
  /** How many there are in front. */
  trustedProxyHops: number;
  /** In which header they say where a caller is, if they do. */
  clientPlaceHeader: string | undefined;
};

/**
 * Where a request came from. The id is the caller's `x-request-id` if that is sane, else a new
 * UUID. Of the addresses in `x-forwarded-for` only as many are believed as there are proxies of ours,
 * counted from the right; without one neither that header nor the one with the place is.
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

/** The place as plain text of at most 100 characters; null for anything else. */
function findPlace(header: string | string[] | undefined): string | null {
  if (typeof header !== 'string') return null;
  // Node reads headers byte by byte; names of cities come in UTF-8.
  const place = Buffer.from(header, 'latin1').toString('utf8').trim();
  const isFine = findTextViolation(place, { min: 1, max: placeLengthMax }) === null;
  return isFine && !place.includes('\ufffd') ? place : null;
}

/** The id to answer under: the given one if it is sane, else a new one. */
export function getRequestId(given: string | string[] | null | undefined): string {
  return typeof given === 'string' && requestIdForm.test(given) ? given : randomUUID();
}

/** It is stored and shown to others; HTTP lets a tab and the upper control characters through. */
function getUserAgent(given: string | undefined): string | null {
  return given === undefined ? null : toHarmlessLine(given.slice(0, userAgentLengthMax));
}

const peers = new WeakMap<Socket, string | null>();

/** A connection carries many requests, all from the same address. */
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
  // The nearest proxy appended the last entry. A shorter chain was written by trusted proxies only.
  const claimed = chain[Math.max(0, chain.length - trustedProxyHops)];
  return normalizeIp(claimed?.trim() ?? '') ?? peer;
}

/** Without the IPv4-in-IPv6 prefix, brackets and port; null for anything that is no address. */
function normalizeIp(text: string): string | null {
  const bare = text
    .replace(/^\[([^\]]*)\](:\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
    .replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
  return isIP(bare) === 0 ? null : bare;
}
