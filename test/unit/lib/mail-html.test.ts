import { expect, test } from 'vitest';
import { escapeHtml, textToHtml } from '../../../src/lib/mail-html.ts';

test('text becomes paragraphs with their lines', () => {
  expect(textToHtml('One\ntwo\n\n\nThree\n')).toBe('<p>One<br>\ntwo</p>\n<p>Three</p>');
});

test('web addresses become links, without what ends their sentence', () => {
  expect(textToHtml('See https://a.example/x?b=1&c=2#token=t_1. Or (http://b.example)!')).toBe(
    '<p>See <a href="https://a.example/x?b=1&amp;c=2#token=t_1">https://a.example/x?b=1&amp;c=2#token=t_1</a>.' +
      ' Or (<a href="http://b.example">http://b.example</a>)!</p>',
  );
});

test.each([
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  `https://a.example/"onmouseover="alert(1)`,
  `https://a.example/'><script>alert(1)</script>`,
  'javascript:alert(1)',
  '&lt;script&gt;',
])('%s stays text', (text) => {
  const html = textToHtml(text);
  expect(html.replaceAll(/<\/?p>|<a href="https:\/\/[^"<>]*">|<\/a>/g, '')).not.toMatch(/[<>"']/);
});

test('every sign that means something in HTML is escaped', () => {
  expect(escapeHtml(`<a href="x" title='y'>&</a>`)).toBe(
    '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;&lt;/a&gt;',
  );
});
