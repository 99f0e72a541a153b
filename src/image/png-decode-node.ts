// png-decode.ts with Node's zlib.

import "./png-node.js";

export { decodePng } from "./png-decode.js";
