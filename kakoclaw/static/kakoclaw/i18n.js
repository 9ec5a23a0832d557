/** Words in the reader's language. The catalog is a plain script of the page's head, so it is there before any module. */

const { gettext, ngettext, pgettext, interpolate } = globalThis.django;

export { gettext, ngettext, pgettext };

/** Fill `%(name)s` in a translated text: `fill(gettext("Stopped by %(name)s"), { name })`. */
export const fill = (text, values) => interpolate(text, values, true);

/** How this language writes dates and numbers; English dates are those that cannot be misread. */
const language = document.documentElement.lang;
const locale = language === "en" ? "en-GB" : language;

/** A number with separators for thousands, and with `digits` decimals where given. */
export function number(value, digits) {
  const options = { useGrouping: "always", minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(locale, options).format(value);
}

/** A date in one of the styles of `Intl`; nothing for what is none, since `Intl` throws at it. */
export function date(moment, options) {
  const at = new Date(moment);
  return Number.isNaN(at.getTime()) ? "" : new Intl.DateTimeFormat(locale, options).format(at);
}

/** Dollars, with as many digits as a small amount needs. */
export const dollars = (amount) => fill(gettext("$%(amount)s"), { amount: number(amount, amount >= 0.1 || amount === 0 ? 2 : 4) });
