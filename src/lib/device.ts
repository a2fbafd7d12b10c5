import bowser from 'bowser';

/**
 * Describes a user agent: "Firefox on Windows". Null without a browser or operating system. The client may send
 * anything, so it only helps users to recognize their own devices.
 */
export function describeDevice(userAgent: string): string | null {
  // The parser throws for an empty header, which some programs send.
  if (userAgent === '') return null;
  const { browser, os } = bowser.parse(userAgent);
  return browser.name && os.name ? `${browser.name} on ${os.name}` : null;
}
