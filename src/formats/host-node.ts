// Lends the engine Node's files and terminal (base/host.ts). Imported for that alone, by the package's entry.

import { host } from "../base/host.js";
import { readFileBytes, writeFileAtomic } from "./files.js";

host.readFile = (file) => readFileBytes(file, "a weights file");
host.writeFile = writeFileAtomic;
if (process.stdout.isTTY) host.terminal = { write: (text) => void process.stdout.write(text) };
