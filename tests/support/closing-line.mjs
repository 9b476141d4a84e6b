// The run's last line, for people and for CI: "N passed, N failed".
export default class ClosingLine {
  onRunComplete(_contexts, results) {
    const crashed = results.numRuntimeErrorTestSuites
    const skipped = results.numPendingTests + results.numTodoTests
    const line = `${results.numPassedTests} passed, ${results.numFailedTests + crashed} failed`
    process.stdout.write(`\n${line}${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
  }
}
