// WebGPU allows 65,535 workgroups along one dimension, so that many are folded into two: this is the linear number.
// The last row may hold some too many; shaders leave out what lies beyond their work.
fn groupIndex(group: vec3u, groups: vec3u) -> u32 {
  return group.y * groups.x + group.x;
}
