/** What every page does. */

import { startClock } from "./clock.js";
import { startRefresh } from "./refresh.js";
import { startTasks } from "./tasks.js";

startClock();
startRefresh();
startTasks();
