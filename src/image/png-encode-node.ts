// png-encode.ts with Node's zlib.

import "./png-node.js";

export { encodePng, pngParts } from "./png-encode.js";
