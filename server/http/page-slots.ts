/** Pages with `{{slots}}` in them, for the few words that only the server knows. */

/** The page with each slot filled, as text of HTML or of an attribute; one that nothing is said for is left empty. */
export function fillSlots(page: string, slots: Readonly<Record<string, string>>): string {
  return page.replace(/\{\{(\w+)\}\}/g, (_slot, name: string) => escapeHtml(slots[name] ?? ''))
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '')
}
