/** Telling someone who looks elsewhere: the title, the favicon, and (opted in, in the settings) a notification, a sound. */

const [quiet, live, news] = (document.body.dataset.favicons ?? "").split(" ");
const title = { plain: document.title, count: 0 };

/** What the reader asked for, kept in this browser. */
export const wanted = {
  get: (name) => localStorage.getItem(`kakoclaw.${name}`) === "on",
  set: (name, on) => localStorage.setItem(`kakoclaw.${name}`, on ? "on" : "off"),
};

function showFavicon(href) {
  const link = document.querySelector("link[rel=icon]");
  if (link.getAttribute("href") !== href) link.setAttribute("href", href);
}

let running = 0;
const render = () => {
  document.title = title.count ? `(${title.count}) ${title.plain}` : title.plain;
  showFavicon(title.count ? news : running ? live : quiet);
};

export function setTitle(text) {
  title.plain = `${text} · KakoClaw`;
  render();
}

export function setRunning(count) {
  running = count;
  render();
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  title.count = 0;
  render();
});

/** Two soft notes. */
export function sound() {
  const audio = new AudioContext();
  for (const [index, frequency] of [523.25, 783.99].entries()) {
    const start = audio.currentTime + index * 0.14;
    const gain = audio.createGain();
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(0.08, start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.5);
    const note = audio.createOscillator();
    note.frequency.value = frequency;
    note.connect(gain).connect(audio.destination);
    note.start(start);
    note.stop(start + 0.5);
    if (index) note.addEventListener("ended", () => audio.close());
  }
}

/** Something ended or asks; only told when the page is not being looked at. */
export function tell(heading, text, tag) {
  if (!document.hidden) return;
  title.count += 1;
  render();
  if (wanted.get("sound")) sound();
  if (wanted.get("notifications") && window.Notification?.permission === "granted") {
    const notification = new Notification(heading, { body: text.slice(0, 200), tag, icon: quiet });
    notification.addEventListener("click", () => { window.focus(); notification.close(); });
  }
}
