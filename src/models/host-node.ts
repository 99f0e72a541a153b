// Lends the engine Node's files and terminal (base/host.ts). Imported for that alone, by the package's entry.

import { host } from "../base/host.js";
import { readBeside } from "../formats/beside-node.js";
import { readFileBytes, writeFileAtomic } from "../formats/files.js";
import { modelFileOf } from "../train/files.js";
import { bundledModel } from "./bundled-node.js";

host.readModel = (name) => readFileBytes(bundledModel(name)?.file ?? modelFileOf(name), "a weights file");
host.openFile = (file) => ({ bytes: readFileBytes(file, "a model"), beside: readBeside(file) });
host.writeFile = writeFileAtomic;
if (process.stdout.isTTY) host.terminal = { write: (text) => void process.stdout.write(text) };
