// Counted loops in a shader's text, `for (var i = 0u; i < 4u; i++) {`, whose end is a number or one of the text's constants.
// Shaders are written with them; on their way to a device they become what its compiler needs.

const HEADER = /for \(var (\w+) = 0u; \1 < (\w+); \1\+\+\) \{/;

/**
 * The text with every counted loop written out: its body for each value of the counter, as a constant. Compilers leave loops
 * with long bodies as they are, and then keep the arrays they index in memory instead of registers: products of matrices were 12
 * times as slow. Bodies may not `break` or `continue`.
 */
export function unrolled(text: string): string {
  return rewritten(text, (counter, end, body) => {
    if (/\b(break|continue);/.test(body))
      throw new Error(`a loop over ${counter} cannot be unrolled: it breaks off`);
    const copies = Array.from({ length: end }, (_, i) => `{\nconst ${counter} = ${i}u;${body}}`);
    return copies.join("\n");
  });
}

/** The text with loops that no compiler can unroll, because their ends are products with `one`, a number of the uniforms. */
export function kept(text: string, one: string): string {
  return rewritten(
    text,
    (counter, end, body) =>
      `for (var ${counter} = 0u; ${counter} < ${end}u * ${one}; ${counter}++) {${body}}`,
  );
}

/** Inner loops first: `body` has its own rewritten already. */
function rewritten(
  text: string,
  write: (counter: string, end: number, body: string) => string,
  constants: (name: string) => number | undefined = constantsOf(text),
): string {
  const header = HEADER.exec(text);
  if (!header) return text;
  const [line, counter, bound] = header;
  const start = header.index + line.length;
  const end = constants(bound);
  const after = (from: number) => rewritten(text.slice(from), write, constants);
  if (end === undefined) return text.slice(0, start) + after(start);
  const close = closingBrace(text, start);
  const body = rewritten(text.slice(start, close), write, constants);
  return text.slice(0, header.index) + write(counter, end, body) + after(close + 1);
}

/** What a loop's end is: `4u`, or a name declared as `const NAME = 4u;`. */
function constantsOf(text: string): (name: string) => number | undefined {
  const declared = new Map(
    [...text.matchAll(/^const (\w+) = (\d+)u;/gm)].map(([, name, value]) => [name, Number(value)]),
  );
  return (name) => declared.get(name) ?? (/^\d+u$/.test(name) ? parseInt(name) : undefined);
}

function closingBrace(text: string, start: number): number {
  let depth = 1;
  for (let at = start; at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) return at;
  }
  throw new Error("a loop has no end");
}
