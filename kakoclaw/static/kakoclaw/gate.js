/** The page to sign in: it has nothing of the other pages but the reader's language and time zone. */

import { startLanguage } from "./language.js";
import "./zone.js";

startLanguage();
