import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

/**
 * Starts a real Chromium with a new profile, which is removed with the folder of this test run. It sends only the
 * requests of its pages. Close it in `afterAll`; it also ends with this process.
 */
export async function startBrowser(executablePath: string): Promise<BrowserContext> {
  const profile = await mkdtemp(path.join(tmpdir(), 'browser-'));
  return chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    viewport: { width: 1_600, height: 900 },
  });
}
