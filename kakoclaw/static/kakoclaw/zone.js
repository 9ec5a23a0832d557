/** The reader's time zone, told to the server by a cookie: the next page is rendered in it. */

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
const secure = location.protocol === "https:" ? "; Secure" : "";

if (zone) document.cookie = `zone=${zone}; Path=${document.body.dataset.root}; Max-Age=31536000; SameSite=Lax${secure}`;

/** Whether the server has rendered this page in it already. */
export const isKnown = document.body.dataset.zone === zone;
