import { expect, test } from 'vitest';
import { subtractCpu } from '../tools/benchmarks/bench/cpu.ts';
import { judgeReply, type Request } from '../tools/benchmarks/bench/expect.ts';

const asked: Request = { headers: {}, body: '', expect: { text: '"valid":true', times: 1 } };
const answer = (body: string, status = '200') => judgeReply({ status, body }, asked);

test('an answer is good only with what was asked for in it', () => {
  expect(answer('{"data":{"verifySession":{"valid":true}}}')).toBe('good');
  expect(answer('{"data":{"verifySession":{"valid":false}}}')).toBe('wrong');
  expect(answer('{"data":{"signIn":{"code":"INVALID_CREDENTIALS"}}}')).toBe('wrong');
  expect(answer('{"data":{"verifySession":{"valid":true}},"errors":[]}')).toBe('wrong');
  expect(answer('{"data":{"verifySession":{"valid":true}}}', '500')).toBe('wrong');
  expect(answer('the connection broke', '')).toBe('wrong');
});

test('what is rejected for being too much is told apart, in whichever form', () => {
  expect(answer('', '503')).toBe('refused');
  expect(answer('{"data":{"signIn":{"code":"RATE_LIMITED"}}}')).toBe('refused');
  expect(answer('{"errors":[{"extensions":{"code":"UNAVAILABLE"}}]}')).toBe('refused');
});

test('a page is good only with all of its rows', () => {
  const page = { ...asked, expect: { text: '"id":', times: 3 } };
  const reply = (rows: number) => ({
    status: '200',
    body: `{"data":[${'{"id":1}'.repeat(rows)}]}`,
  });
  expect(judgeReply(reply(3), page)).toBe('good');
  expect(judgeReply(reply(2), page)).toBe('wrong');
});

test('time on a core counts for processes that were there before and after', () => {
  const before = new Map([
    [1, 100],
    [2, 50],
  ]);
  const after = new Map([
    [1, 130],
    [3, 900],
  ]);
  expect(subtractCpu(after, before)).toBe(30);
  expect(subtractCpu(null, before)).toBeNull();
});
