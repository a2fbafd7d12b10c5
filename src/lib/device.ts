import bowser from 'bowser';

/**
 * What a user agent says it is, for people: "Firefox on Windows". Null where it names no browser or no
 * system. It is whatever the client wrote, so it is good for recognising one's own devices only.
 */
export function describeDevice(userAgent: string): string | null {
  // The parser throws for nothing, which is a header that some programs send.
  if (userAgent === '') return null;
  const { browser, os } = bowser.parse(userAgent);
  return browser.name && os.name ? `${browser.name} on ${os.name}` : null;
}
