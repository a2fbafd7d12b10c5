import { expect, test } from 'vitest';
import { createMailBacklog } from '../../src/domains/mail/service/backlog.ts';

const leaseSeconds = 120;

/** A backlog whose clock the test sets, in seconds. */
function createTimed() {
  const clock = { seconds: 1_000 };
  return { clock, backlog: createMailBacklog(leaseSeconds, () => clock.seconds * 1_000) };
}

test('a waiting mail is counted once, and the oldest one sets the age of the backlog', () => {
  const { clock, backlog } = createTimed();
  expect(backlog.stats()).toEqual({ waiting: 0, oldestSeconds: 0 });
  backlog.noteWaiting({ id: 'a', ageSeconds: 30 }, 60);
  backlog.noteWaiting({ id: 'b', ageSeconds: 5 }, 60);
  clock.seconds += 10;
  backlog.noteWaiting({ id: 'a', ageSeconds: 40 }, 60);
  expect(backlog.stats()).toEqual({ waiting: 2, oldestSeconds: 40 });
  backlog.noteDone('a');
  expect(backlog.stats()).toEqual({ waiting: 1, oldestSeconds: 15 });
});

test('a mail that another process took is no longer counted after its lease', () => {
  const { clock, backlog } = createTimed();
  backlog.noteWaiting({ id: 'a', ageSeconds: 0 }, 60);
  clock.seconds += 60 + leaseSeconds;
  expect(backlog.stats().waiting).toBe(1);
  clock.seconds += 1;
  expect(backlog.stats()).toEqual({ waiting: 0, oldestSeconds: 0 });
});

test('the backlog counts at most 10,000 mails', () => {
  const { backlog } = createTimed();
  for (let number = 0; number < 10_100; number += 1) {
    backlog.noteWaiting({ id: String(number), ageSeconds: 1 }, 60);
  }
  expect(backlog.stats().waiting).toBe(10_000);
});
