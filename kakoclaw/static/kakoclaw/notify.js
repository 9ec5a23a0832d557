/** Telling someone who looks elsewhere: the title, the favicon, and (where the settings say so) a notification, a sound. */

const [quiet, live, news] = (document.body.dataset.favicons ?? "").split(" ");
const favicons = { quiet, live, news };
const state = { title: document.title, running: 0, unseen: 0 };

/** What the reader asked for, kept in this browser: `notification.failed`, `sound.asks` and so on. */
export const wanted = {
  get: (name) => localStorage.getItem(`kakoclaw.${name}`) === "on",
  set: (name, on) => localStorage.setItem(`kakoclaw.${name}`, on ? "on" : "off"),
};

function showFavicon(href) {
  const link = document.querySelector("link[rel=icon]");
  if (link.getAttribute("href") !== href) link.setAttribute("href", href);
}

function render() {
  const news = state.unseen ? "● " : "";
  const count = state.running ? `(${state.running}) ` : "";
  document.title = news + count + state.title;
  showFavicon(state.unseen ? favicons.news : state.running ? favicons.live : favicons.quiet);
}

export function setTitle(text) {
  state.title = `${text} · KakoClaw`;
  render();
}

export function setRunning(count) {
  state.running = count;
  render();
}

export function setUnseen(count) {
  state.unseen = count;
  render();
}

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

/** Tell of something by the means that are switched on for its kind: `finished`, `failed` or `asks`. */
export function tell(kind, heading, text, tag, href) {
  if (wanted.get(`sound.${kind}`)) sound();
  if (wanted.get(`notification.${kind}`) && window.Notification?.permission === "granted") {
    const notification = new Notification(heading, { body: text.slice(0, 200), tag, icon: quiet });
    notification.addEventListener("click", () => {
      window.focus();
      location.assign(href);
      notification.close();
    });
  }
}
