// The run's last line, for people and for CI: "N passed, N failed".
export default class ClosingLine {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    const skipped = results.numPendingTests + results.numTodoTests
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
    // Jest's own summary comes after every reporter; this has to come after it.
    process.once('exit', () => process.stdout.write(`\n${line}\n`))
  }
}
