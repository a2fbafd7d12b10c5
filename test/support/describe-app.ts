import { afterAll, beforeAll } from 'vitest';
import { startTestApp, type TestApp, type TestAppParts } from './app.ts';

/**
 * A server for the tests of a file or of a `describe`: started before them and closed after them. Use its fields only
 * in tests and hooks.
 */
export function describeApp(
  environment: Record<string, string> = {},
  parts: TestAppParts = {},
): TestApp {
  const app = {} as TestApp;
  beforeAll(async () => {
    Object.assign(app, await startTestApp(environment, parts));
  });
  afterAll(() => app.close());
  return app;
}
