/** What is in a template, to be filled in and put somewhere. */
export const copyOf = (template: HTMLTemplateElement): DocumentFragment => document.importNode(template.content, true)
