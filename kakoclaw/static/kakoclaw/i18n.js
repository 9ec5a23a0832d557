/** Words in the reader's language. The catalog is a plain script of the page's head, so it is there before any module. */

const { gettext, ngettext, interpolate } = globalThis.django;

export { gettext, ngettext };

/** Fill `%(name)s` in a translated text: `fill(gettext("Stopped by %(name)s"), { name })`. */
export const fill = (text, values) => interpolate(text, values, true);
