/** A paragraph of a mail: plain text, or a link. */
export type BodyPart = string | { href: string };

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for HTML content and quoted attributes. Throws nothing. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => entities[char] ?? char);
}

/** Renders a body as plain text, with an empty line between paragraphs. */
export function renderText(parts: readonly BodyPart[]): string {
  return parts.map((part) => (typeof part === 'string' ? part : part.href)).join('\n\n');
}

/**
 * Renders a body as HTML paragraphs. Text never becomes markup or a link; only link parts do. Throws nothing.
 */
export function renderHtml(parts: readonly BodyPart[]): string {
  return parts.map((part) => `<p>${renderPart(part)}</p>`).join('\n');
}

function renderPart(part: BodyPart): string {
  if (typeof part === 'string') return escapeHtml(part).replaceAll('\n', '<br>\n');
  const address = escapeHtml(part.href);
  return `<a href="${address}">${address}</a>`;
}
