/** A paragraph of a mail: plain text, or the one link of its line. */
export type BodyPart = string | { href: string };

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that is safe anywhere in HTML, between tags or in a quoted attribute. Throws nothing. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}

/** The body as plain text, with an empty line between paragraphs. */
export function renderText(parts: readonly BodyPart[]): string {
  return parts.map((part) => (typeof part === 'string' ? part : part.href)).join('\n\n');
}

/**
 * The body as a fragment of HTML, a paragraph for each part. Nothing in a text becomes markup or a link:
 * the only links are the parts that are one. Throws nothing.
 */
export function renderHtml(parts: readonly BodyPart[]): string {
  return parts.map((part) => `<p>${renderPart(part)}</p>`).join('\n');
}

function renderPart(part: BodyPart): string {
  if (typeof part === 'string') return escapeHtml(part).replaceAll('\n', '<br>\n');
  const address = escapeHtml(part.href);
  return `<a href="${address}">${address}</a>`;
}
