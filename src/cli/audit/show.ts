import Table from 'cli-table3';
import { toHarmlessLine } from '../../lib/text.ts';
import type { Verification } from './chains.ts';
import type { TrailEvent } from './events.ts';

const widths = { at: 20, sequence: 8, action: 30, who: 44 };

/** An entry as data: one line of JSON. */
export function toJsonLine(event: TrailEvent): string {
  return JSON.stringify(event);
}

/** An entry for people: one line, in columns that stay the same while a trail is followed. */
export function toTextLine(event: TrailEvent): string {
  const { at, sequence, action, actorId, actorType, targetType, targetId, changes } = event;
  const actor = actorId === null ? 'operator' : `${actorType} ${actorId}`;
  const columns = [
    at.toISOString().slice(0, 19).replace('T', ' ').padEnd(widths.at),
    String(sequence).padStart(widths.sequence),
    action.padEnd(widths.action),
    actor.padEnd(widths.who),
    `${targetType ?? ''} ${targetId ?? ''}`.padEnd(widths.who),
    JSON.stringify(changes),
  ];
  return toHarmlessLine(columns.join('  '));
}

/** What a verification found, for people. */
export function describeVerification({ chains, events, redacted, faults }: Verification): string {
  const taken = redacted === 0 ? '' : `, ${redacted} of them with personal data taken out`;
  const looked = `${chains} chains with ${events} entries${taken}`;
  if (faults.length === 0) return `${looked}: all as they were written.`;
  const table = new Table({
    head: ['Chain', 'Of', 'Entry', 'Fault'],
    style: { head: [], border: [] },
  });
  for (const { chain, name, sequence, fault } of faults) {
    table.push([chain, toHarmlessLine(name ?? ''), sequence, fault]);
  }
  return `${table.toString()}\n${looked}: ${faults.length} broken.`;
}
