import { expect, test } from 'vitest';
import { subtractCpu } from '../tools/benchmarks/bench/cpu.ts';
import { checkResponse, type Request } from '../tools/benchmarks/bench/expect.ts';

const request: Request = { headers: {}, body: '', expect: { text: '"valid":true', times: 1 } };
const judge = (body: string, status = '200') => checkResponse({ status, body }, request);

test('a response is good only if it holds the expected data', () => {
  expect(judge('{"data":{"verifySession":{"valid":true}}}')).toBe('good');
  expect(judge('{"data":{"verifySession":{"valid":false}}}')).toBe('wrong');
  expect(judge('{"data":{"signIn":{"code":"INVALID_CREDENTIALS"}}}')).toBe('wrong');
  expect(judge('{"data":{"verifySession":{"valid":true}},"errors":[]}')).toBe('wrong');
  expect(judge('{"data":{"verifySession":{"valid":true}}}', '500')).toBe('wrong');
  expect(judge('the connection broke', '')).toBe('wrong');
});

test('a response that sheds load counts as rejected, in each of its forms', () => {
  expect(judge('', '503')).toBe('rejected');
  expect(judge('{"data":{"signIn":{"code":"RATE_LIMITED"}}}')).toBe('rejected');
  expect(judge('{"errors":[{"extensions":{"code":"UNAVAILABLE"}}]}')).toBe('rejected');
});

test('a page is good only if it has all of its rows', () => {
  const page = { ...request, expect: { text: '"id":', times: 3 } };
  const reply = (rows: number) => ({
    status: '200',
    body: `{"data":[${'{"id":1}'.repeat(rows)}]}`,
  });
  expect(checkResponse(reply(3), page)).toBe('good');
  expect(checkResponse(reply(2), page)).toBe('wrong');
});

test('CPU time is counted for processes that exist before and after', () => {
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
