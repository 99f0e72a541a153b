// Shader modules, bind-group layouts, pipelines and bind groups, each made once and kept. Layouts are explicit, so that
// all shaders with as many operands share one, and with it the bind groups.

import { SHADER_STAGE_COMPUTE } from "./constants.js";
import { numberedSource, ShaderError } from "./faults.js";
import type { Faults } from "./faults.js";
import { shaders } from "./shaders.generated.js";
import { SLOT_BYTES } from "./uniforms.js";

/** A stretch of a buffer as a dispatch sees it. */
export interface BufferRange {
  readonly id: number;
  readonly gpu: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

interface Layout {
  group: GPUBindGroupLayout;
  pipeline: GPUPipelineLayout;
}

/** Bind groups are small but hold on to their buffers' handles; beyond this many the cache starts afresh. */
const MOST_BIND_GROUPS = 4096;

export class Pipelines {
  readonly uniformLayout: GPUBindGroupLayout;
  private readonly modules = new Map<string, GPUShaderModule>();
  private readonly sources = new Map<string, number>();
  private readonly layouts = new Map<string, Layout>();
  private readonly pipelines = new Map<string, GPUComputePipeline>();
  private readonly groups = new Map<string, GPUBindGroup>();

  constructor(
    private readonly device: GPUDevice,
    private readonly faults: Faults,
  ) {
    this.uniformLayout = device.createBindGroupLayout({
      entries: [
        {
          binding: 0,
          visibility: SHADER_STAGE_COMPUTE,
          buffer: { type: "uniform", hasDynamicOffset: true, minBindingSize: SLOT_BYTES },
        },
      ],
    });
  }

  /** How many pipelines were compiled. */
  get count(): number {
    return this.pipelines.size;
  }

  /** `source` replaces the text of shaders/`name`.wgsl when given. */
  pipeline(
    name: string,
    source: string | undefined,
    constants: Record<string, number> | undefined,
    reads: number,
    writes: number,
  ): GPUComputePipeline {
    const text = source ?? sourceOf(name);
    const settings = constants ? Object.entries(constants).map((entry) => entry.join("=")) : [];
    const key = `${source === undefined ? name : this.numberOf(source)}|${settings.join(",")}|${reads}|${writes}`;
    let pipeline = this.pipelines.get(key);
    if (!pipeline)
      this.pipelines.set(key, (pipeline = this.compile(key, name, text, constants, reads, writes)));
    return pipeline;
  }

  /** Texts are long; as part of a key a number stands for each. */
  private numberOf(source: string): number {
    let number = this.sources.get(source);
    if (number === undefined) this.sources.set(source, (number = this.sources.size));
    return number;
  }

  bindGroup(reads: readonly BufferRange[], writes: readonly BufferRange[]): GPUBindGroup {
    const ranges = [...reads, ...writes];
    let key = `${reads.length}`;
    for (const range of ranges) key += `,${range.id}:${range.offset}:${range.size}`;
    let group = this.groups.get(key);
    if (!group) {
      if (this.groups.size >= MOST_BIND_GROUPS) this.groups.clear();
      this.groups.set(key, (group = this.makeBindGroup(reads.length, writes.length, ranges)));
    }
    return group;
  }

  /** Forgets bind groups, which keep buffers from being given back. */
  dropBindGroups(): void {
    this.groups.clear();
  }

  private makeBindGroup(reads: number, writes: number, ranges: readonly BufferRange[]): GPUBindGroup {
    return this.device.createBindGroup({
      layout: this.layout(reads, writes).group,
      entries: ranges.map((range, binding) => ({
        binding,
        resource: { buffer: range.gpu, offset: range.offset, size: range.size },
      })),
    });
  }

  private layout(reads: number, writes: number): Layout {
    const key = `${reads},${writes}`;
    let layout = this.layouts.get(key);
    if (!layout) {
      const entries = Array.from({ length: reads + writes }, (_, binding): GPUBindGroupLayoutEntry => {
        const type = binding < reads ? "read-only-storage" : "storage";
        return { binding, visibility: SHADER_STAGE_COMPUTE, buffer: { type } };
      });
      const group = this.device.createBindGroupLayout({ entries });
      const pipeline = this.device.createPipelineLayout({ bindGroupLayouts: [this.uniformLayout, group] });
      this.layouts.set(key, (layout = { group, pipeline }));
    }
    return layout;
  }

  private compile(
    key: string,
    name: string,
    text: string,
    constants: Record<string, number> | undefined,
    reads: number,
    writes: number,
  ): GPUComputePipeline {
    const layout = this.layout(reads, writes).pipeline;
    this.device.pushErrorScope("validation");
    let module = this.modules.get(text);
    if (!module)
      this.modules.set(text, (module = this.device.createShaderModule({ code: text, label: name })));
    const pipeline = this.device.createComputePipeline({
      layout,
      label: name,
      compute: { module, entryPoint: "main", ...(constants ? { constants } : {}) },
    });
    this.faults.watch(this.explain(this.device.popErrorScope(), key, name, text, module));
    return pipeline;
  }

  private async explain(
    scope: Promise<GPUError | null>,
    key: string,
    name: string,
    text: string,
    module: GPUShaderModule,
  ) {
    const error = await scope;
    if (!error) return;
    this.pipelines.delete(key); // asked for again, it fails again
    this.modules.delete(text);
    const messages = (await module.getCompilationInfo()).messages.filter(
      (message) => message.type === "error",
    );
    throw new ShaderError(
      messages.length > 0 ? numberedSource(name, text, messages) : `the shader ${name}: ${error.message}`,
    );
  }
}

export function sourceOf(name: string): string {
  const text = (shaders as Record<string, string>)[name];
  if (text === undefined) throw new Error(`shaders/${name}.wgsl does not exist`);
  return text;
}

/** A shader's text with lines in place of its marks: `//#steps` takes those of "steps". */
export function filled(text: string, marks: Readonly<Record<string, readonly string[]>>): string {
  for (const [mark, lines] of Object.entries(marks)) {
    if (!text.includes(`//#${mark}\n`)) throw new Error(`a shader has lost its mark //#${mark}`);
    text = text.replace(`//#${mark}\n`, () => `${lines.join("\n")}\n`);
  }
  return text;
}
