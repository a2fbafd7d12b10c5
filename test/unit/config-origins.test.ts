import { describe, expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config.ts';

const readOrigins = (list: string) => loadConfig({ CORS_ORIGINS: list }).server.corsOrigins;

function listProblems(list: string): readonly string[] {
  try {
    readOrigins(list);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('an origin is normalised to what browsers send', () => {
  test.each([
    ['https://app.example.com', 'https://app.example.com'],
    ['http://localhost:5173/', 'http://localhost:5173'],
    ['https://APP.example.com', 'https://app.example.com'],
    ['HTTPS://App.Example.Com/', 'https://app.example.com'],
    ['https://app.example.com:443', 'https://app.example.com'],
    ['http://app.example.com:80/', 'http://app.example.com'],
    ['http://app.example.com:443', 'http://app.example.com:443'],
    ['https://büro.example', 'https://xn--bro-hoa.example'],
    ['https://BÜRO.example/', 'https://xn--bro-hoa.example'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['https://*.preview.example.com', 'https://*.preview.example.com'],
    ['HTTPS://*.Preview.example.com:443/', 'https://*.preview.example.com'],
    ['http://*.localhost:5173', 'http://*.localhost:5173'],
    ['https://*.project.vercel.app', 'https://*.project.vercel.app'],
  ])('%s becomes %s', (entry, origin) => {
    expect(readOrigins(entry)).toEqual([origin]);
  });

  test.each([
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'app://-',
    'app://obsidian.md',
    'chrome-extension://abcdefghijklmnop',
    'moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc',
    'safari-web-extension://2C127FA4-62C7-7E4F-90E5-472B45EECFDC',
    'my.app+v2://localhost:3000',
  ])('the app origin %s is unchanged, with or without a slash', (origin) => {
    expect(readOrigins(origin)).toEqual([origin]);
    expect(readOrigins(`${origin}/`)).toEqual([origin]);
  });
});

test('entries are separated by commas, blanks or line breaks, and duplicates are dropped', () => {
  const list =
    'https://a.example, http://localhost:3000,\n  https://A.example/ capacitor://localhost,';
  expect(readOrigins(list)).toEqual([
    'https://a.example',
    'http://localhost:3000',
    'capacitor://localhost',
  ]);
  expect(readOrigins(' , ')).toEqual([]);
});

describe('an entry that is not an origin is rejected with one line that names the reason', () => {
  test.each([
    ['*', 'would allow every site'],
    ['null', 'is what browsers send for all files'],
    ['NULL', 'is what browsers send for all files'],
    ['app.example.com', 'has no scheme: write https://app.example.com'],
    ['localhost:5173', 'has no scheme: write https://localhost:5173 or http://localhost:5173'],
    ['//app.example.com', 'has no scheme'],
    ['"https://a.example"', 'has no scheme'],
    ['data:text/html', 'has no scheme'],
    ['https://a.example/login', 'has a path or query: write https://a.example'],
    ['https://a.example//', 'has a path or query: write https://a.example'],
    ['https://a.example?x=1', 'has a path or query: write https://a.example'],
    ['https://a.example#x', 'has a path or query: write https://a.example'],
    ['https://a.example\\x', 'has a path or query: write https://a.example'],
    ['capacitor://localhost/index.html', 'has a path or query: write capacitor://localhost'],
    ['https://user@a.example', 'has a user name'],
    ['https://a.example:99999', 'has no valid host and port'],
    ['https://', 'has no valid host and port'],
    ['https://a b.example', 'has no scheme'],
    ['wss://a.example', 'is not the address of a page: write https://a.example'],
    ['file:///x', 'has a path or query'],
    ['file://', 'is not an origin'],
    ['app://', 'has no valid host'],
    ['app://*', 'has a *, which only http and https origins may have'],
    ['https://*', 'has a * elsewhere'],
    ['https://*:3000', 'has a * elsewhere'],
    ['https://*.*.example.com', 'has a * elsewhere'],
    ['https://a.*.example.com', 'has a * elsewhere'],
    ['https://*-a.example.com', 'has a * elsewhere'],
    ['https://*.com', 'would allow strangers: anyone can register a name under com'],
    ['https://*.com.', 'would allow strangers'],
    ['https://*.co.uk', 'would allow strangers'],
    ['https://*.vercel.app', 'would allow strangers'],
    ['https://*.VERCEL.app', 'would allow strangers'],
    ['https://*.公司.cn', 'would allow strangers'],
    ['https://*.s3.amazonaws.com', 'would allow strangers'],
    ['https://*.1.2.3.4', 'would allow strangers'],
  ])('%s %s', (entry, expected) => {
    const [problem, ...others] = listProblems(`https://good.example,${entry}`);
    expect(others).toEqual([]);
    expect(problem).toMatch(/^CORS_ORIGINS: "/);
    expect(problem).toContain(expected);
    expect(problem).not.toMatch(/good|\n/);
  });
});

test('each of several invalid entries is named', () => {
  expect(listProblems('*,a.example,https://b.example')).toEqual([
    expect.stringMatching(/^CORS_ORIGINS: "\*" would .*; "a\.example" has no scheme/),
  ]);
});
