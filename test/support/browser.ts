import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

/**
 * Starts a real Chromium with a new profile, which goes away with the folder of this test run. It asks nothing
 * of the network but what its pages ask. Close it in `afterAll`; it also ends when this process does.
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
