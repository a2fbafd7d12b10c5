// Prints `N passed, N failed` from the report vitest wrote, and exits 1 unless all of it passed.
// Plain JavaScript for whatever Node is on the PATH: .ci/run calls it outside npm's scripts.
import { readFileSync } from 'node:fs';

const report = readReport(process.argv[2]);
// A file that breaks before its first test has failed too, though no test of it is counted.
const brokenFiles = report.testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => isFailed(test)),
);
const failed = report.numFailedTests + brokenFiles.length;
console.log(`${report.numPassedTests} passed, ${failed} failed`);
process.exitCode = report.success && failed === 0 && report.numPassedTests > 0 ? 0 : 1;

function isFailed(test) {
  return test.status === 'failed';
}

/** The report, or one failure where the run ended before it could write any. */
function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 1, testResults: [], success: false };
  }
}
