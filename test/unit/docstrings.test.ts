// Every public name says what it is: a docstring, and for what takes or gives tensors of certain axes their shapes.
import path from "node:path";
import ts from "typescript";
import { beforeAll, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const entry = path.join(root, "src/index.ts");
let documented: Map<string, string>;
/** Where functions and classes are declared, and their types. */
let places: { name: string; file: string; type: string }[];

beforeAll(() => {
  const { config } = ts.readConfigFile(path.join(root, "tsconfig.json"), ts.sys.readFile);
  const program = ts.createProgram([entry], ts.parseJsonConfigFileContent(config, ts.sys, root).options);
  const checker = program.getTypeChecker();
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!);
  places = exported.flatMap((symbol) => {
    const { name } = symbol;
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const [declaration] = target.declarations ?? [];
    if (!declaration || !(target.flags & ts.SymbolFlags.Value)) return [];
    const file = path.relative(root, declaration.getSourceFile().fileName).split(path.sep).join("/");
    return { name, file, type: declaration.getText() };
  });
  documented = new Map(
    exported.map((symbol) => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const tags = target.getJsDocTags(checker).map(({ text }) => ts.displayPartsToString(text));
      return [
        symbol.name,
        [ts.displayPartsToString(target.getDocumentationComment(checker)), ...tags].join("\n").trim(),
      ];
    }),
  );
}, 240_000);

it("is there for every public name", () => {
  expect(documented.size).toBeGreaterThan(200);
  expect([...documented].filter(([, text]) => text === "").map(([name]) => name)).toEqual([]);
});

it("gives shapes where axes mean something", () => {
  const withAxes = ["Dense", "Conv2D", "Conv2DTranspose", "MaxPooling2D", "AveragePooling2D", "UpSampling2D", "Flatten", "Reshape", "conv2d", "conv2dTranspose", "maxPool2d", "averagePool2d", "matMul", "resize2d", "depthToSpace", "spaceToDepth", "oneHot", "gather", "flatten", "UNet", "DenseAutoencoder", "ConvAutoencoder", "Digits"]; // prettier-ignore
  expect(withAxes.filter((name) => !/\[[^\]]*[a-z0-9.,][^\]]*\]/i.test(documented.get(name) ?? ""))).toEqual(
    [],
  );
});

it("says of everything that takes or gives tensors what shapes they have", () => {
  const ofTensors = places.filter(
    ({ file, type }) =>
      /^src\/(ops|nn\/(losses|metrics|regularizers|structure)|optim\/clipping)/.test(file) &&
      type.includes("Tensor"),
  );
  expect(ofTensors.length).toBeGreaterThan(80);
  const tells = /\[[^\]]*[a-z0-9.,][^\]]*\]|shape|axis|axes|element|scalar/i;
  expect(ofTensors.map(({ name }) => name).filter((name) => !tells.test(documented.get(name)!))).toEqual([]);
});

it("gives units where numbers have some", () => {
  expect(documented.get("psnr")).toMatch(/decibel|dB/);
  expect(documented.get("estimateSigma")).toMatch(/grey levels|\/ 255/);
  expect(documented.get("EnhanceImageOptions")).toMatch(/grey levels/);
});
