/** Where there is no secure context, browsers do not even have `mediaDevices`. */
export const cameraPossible = (): boolean => window.isSecureContext && 'mediaDevices' in navigator
