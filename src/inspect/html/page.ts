// The page about a trace: one file with its data, style and scripts inside, that asks no network.

import { pageAssets, ruleSourceOf, ruleSources } from "../files.js";
import { pageData, pageJson, type State } from "./page-data.js";

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character]);

/** @param states the network's states, oldest first: more than one are shown by a slider */
export function tracePage(states: readonly State[]): string {
  const sources = ruleSources();
  const data = pageData(states, (operation, inputs) => ruleSourceOf(sources, operation, inputs));
  const { style, script } = pageAssets();
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(data.title)}: forward and backward</title>
<style>
${style}</style>
</head>
<body>
<div id="app"></div>
<script type="application/json" id="data">${pageJson(data)}</script>
<script type="module">
${script}</script>
</body>
</html>
`;
}
