// Runs one kernel of the addon once, on one thread: what instructions.test.ts counts under valgrind. Argument: the kernel.
import { open } from "../../dist/backend/select.js";

const backend = await open("native", { threads: 1 });
const operand = (...shape) => {
  const length = shape.reduce((product, n) => product * n, 1);
  const storage = backend.allocate(length);
  backend.write(
    storage,
    Float32Array.from({ length }, (_, i) => ((i * 37) % 101) / 101),
  );
  return { storage, shape };
};
const geometry = { strides: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1 };
const [p, g, m, v] = [operand(5000), operand(5000), operand(5000), operand(5000)];
const calls = {
  matmul: {
    inputs: [operand(1, 96, 128), operand(1, 128, 96)],
    outputs: [operand(1, 96, 96)],
    attributes: {},
  },
  conv2d: {
    inputs: [operand(1, 16, 16, 32), operand(3, 3, 32, 32)],
    outputs: [operand(1, 16, 16, 32)],
    attributes: geometry,
  },
  adamStep: { inputs: [operand(8), p, g, m, v], outputs: [p, m, v], attributes: {} },
};
const kernel = process.argv[2];
backend.run({ kernel, ...calls[kernel] });
console.log(backend.info().isa);
await backend.close();
