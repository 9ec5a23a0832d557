/* What Unfold's pages expect of Alpine, said so that Alpine's CSP build understands it: that build makes no functions out
   of attributes, so that the Content-Security-Policy needs no 'unsafe-eval'. It knows neither the window's functions nor
   arrows, which Unfold uses in the few places below. */

const OPEN = "sidebarDesktopOpen";

/** The state of the whole page: which tab is shown, and whether the navigation is. */
function frame() {
  const first = /activeTab: '([^']*)'/.exec(this.expression)?.[1] ?? "";
  return {
    activeTab: window.getCurrentTab() || first,
    sidebarMobileOpen: false,
    sidebarDesktopOpen: localStorage.getItem(OPEN) !== "0",
    init() {
      this.$watch(OPEN, (open) => localStorage.setItem(OPEN, open ? "1" : "0"));
    },
  };
}

document.addEventListener("alpine:init", () => {
  const { Alpine } = window;
  for (const name of ["theme", "searchForm", "searchDropdown", "searchCommand"]) Alpine.data(name, window[name]);
  Alpine.data("frame", frame.bind({ expression: document.body.getAttribute("x-data") ?? "" }));
  document.body.setAttribute("x-data", "frame");
  document.body.removeAttribute("x-init");
  for (const toggle of document.querySelectorAll(`[x-on\\:click*="localStorage"]`)) {
    toggle.setAttribute("x-on:click", `${OPEN} = !${OPEN}`);
  }
  for (const form of document.querySelectorAll("form[x-bind\\:action]")) form.removeAttribute("x-bind:action");
});
