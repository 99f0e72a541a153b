// Scopes by job: in Node every asynchronous job, however many run in turn, has an innermost scope of its own. Importing this
// file is enough.

import { AsyncLocalStorage } from "node:async_hooks";
import { type Scope, setScopeContext } from "./scope.js";

const storage = new AsyncLocalStorage<Scope | undefined>();

setScopeContext({
  perJob: true,
  innermost: () => storage.getStore(),
  enter: (scope) => storage.enterWith(scope),
  run: (scope, body) => storage.run(scope, body),
});
