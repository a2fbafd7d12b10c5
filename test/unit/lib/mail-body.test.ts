import { expect, test } from 'vitest';
import { escapeHtml, renderHtml, renderText } from '../../../src/lib/mail-body.ts';

test('text is rendered as paragraphs with line breaks', () => {
  const parts = ['One\ntwo', 'Three'];
  expect(renderHtml(parts)).toBe('<p>One<br>\ntwo</p>\n<p>Three</p>');
  expect(renderText(parts)).toBe('One\ntwo\n\nThree');
});

test('only a part that is a link is rendered as a link', () => {
  const parts = ['See https://a.example/x', { href: 'https://b.example/y?b=1&c=2#token=t_1' }];
  expect(renderHtml(parts)).toBe(
    '<p>See https://a.example/x</p>\n' +
      '<p><a href="https://b.example/y?b=1&amp;c=2#token=t_1">https://b.example/y?b=1&amp;c=2#token=t_1</a></p>',
  );
  expect(renderText(parts)).toBe(
    'See https://a.example/x\n\nhttps://b.example/y?b=1&c=2#token=t_1',
  );
});

test.each([
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  `https://a.example/"onmouseover="alert(1)`,
  `https://a.example/'><script>alert(1)</script>`,
  'javascript:alert(1)',
  '&lt;script&gt;',
])('%s is rendered as text', (text) => {
  expect(renderHtml([text]).replaceAll(/<\/?p>/g, '')).not.toMatch(/[<>"']/);
});

test('every special character of HTML is escaped', () => {
  expect(escapeHtml(`<a href="x" title='y'>&</a>`)).toBe(
    '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;&lt;/a&gt;',
  );
});
