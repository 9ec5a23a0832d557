/** What every page does. */

import { startClock } from "./clock.js";
import { startLanguage } from "./language.js";
import { keepPush } from "./push.js";
import { startRefresh } from "./refresh.js";
import { startTasks } from "./tasks.js";

startClock();
startLanguage();
startRefresh();
startTasks();
keepPush().catch((error) => console.warn("push:", error.message));
