/** Tells page-guard.js, which would load the page anew, that its script runs. Every page's script ends with this. */
export function pageStarted(): void {
  document.documentElement.setAttribute('data-started', '')
  document.getElementById('start-trouble')?.remove()
}
