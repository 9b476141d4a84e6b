/** Tells page-guard.js that the page has come to life: it would load it anew. Every page's script ends with this. */
export function pageStarted(): void {
  document.documentElement.setAttribute('data-started', '')
  document.getElementById('start-trouble')?.remove()
}
