/// <reference types="@webgpu/types" />
// WebGPU's numeric constants, as its specification gives them: outside browsers they are not globals.

export const BufferUsage = {
  MAP_READ: 0x0001,
  COPY_SRC: 0x0004,
  COPY_DST: 0x0008,
  UNIFORM: 0x0040,
  STORAGE: 0x0080,
  QUERY_RESOLVE: 0x0200,
} as const;

export const MAP_MODE_READ = 0x0001;
export const SHADER_STAGE_COMPUTE = 0x4;

/** Storage bindings may start only at multiples of this many bytes. */
export const STORAGE_ALIGNMENT = 256;
