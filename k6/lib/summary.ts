import { settings } from './settings.ts';
import { formatVerdicts, listVerdicts, type Summary } from './verdict.ts';

/** Every scenario exports it: the verdict on the terminal, and the figures where a file was named. */
export function handleSummary(summary: Summary): Record<string, string> {
  const text = `\n${formatVerdicts(listVerdicts(summary))}\n`;
  const { summaryFile } = settings;
  return { stdout: text, ...(summaryFile ? { [summaryFile]: JSON.stringify(summary) } : {}) };
}
