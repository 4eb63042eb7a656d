//! How far a graphics driver lets a loop go.
//!
//! Some drivers end a loop early and say nothing: Mesa's software Vulkan 22.3.6 after 65,535 rounds. One loop in one shader shows it in
//! a tenth of a second, where Burn would compile and tune its kernels first, which takes minutes on such adapters.

use burn::tensor::wgpu::wgpu;

/// The rounds that are asked for.
pub(crate) const ROUNDS: u32 = 1 << 18;

/// Counts the rounds of a loop. What it adds and how often is read from the buffer, so that no compiler knows the sum.
const SHADER: &str = "
@group(0) @binding(0) var<storage, read_write> numbers: array<u32>;

@compute @workgroup_size(1)
fn main() {
    let rounds = numbers[0];
    var sum = 0u;
    for (var round = 0u; round < rounds; round = round + 1u) {
        sum = sum + numbers[1u + (round & 1u)];
    }
    numbers[3] = sum;
}
";
/// Bytes of the buffer: the rounds, one twice, the sum.
const SIZE: u64 = 16;

/// The rounds of [`ROUNDS`] that a loop on this adapter does; none where the adapter gives no answer, which Burn meets in its turn.
pub(crate) fn rounds(adapter: &wgpu::Adapter) -> Option<u32> {
    let opened = adapter.request_device(&wgpu::DeviceDescriptor::default());
    let (device, queue) = pollster::block_on(opened).ok()?;
    let buffer = |usage| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: SIZE,
            usage: usage | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    };
    let numbers = buffer(wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC);
    let answer = buffer(wgpu::BufferUsages::MAP_READ);
    let start: Vec<u8> = [ROUNDS, 1, 1, 0]
        .into_iter()
        .flat_map(u32::to_le_bytes)
        .collect();
    queue.write_buffer(&numbers, 0, &start);
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    count(&device, &mut encoder, &numbers);
    encoder.copy_buffer_to_buffer(&numbers, 0, &answer, 0, SIZE);
    queue.submit([encoder.finish()]);
    answer.map_async(wgpu::MapMode::Read, .., |_| ());
    device.poll(wgpu::PollType::wait_indefinitely()).ok()?;
    let bytes = answer.get_mapped_range(..).ok()?;
    let sum = bytes.last_chunk::<4>()?;
    Some(u32::from_le_bytes(*sum))
}

/// Has the shader count in `numbers`.
fn count(device: &wgpu::Device, encoder: &mut wgpu::CommandEncoder, numbers: &wgpu::Buffer) {
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: None,
        source: wgpu::ShaderSource::Wgsl(SHADER.into()),
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &pipeline.get_bind_group_layout(0),
        entries: &[wgpu::BindGroupEntry {
            binding: 0,
            resource: numbers.as_entire_binding(),
        }],
    });
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, &group, &[]);
    pass.dispatch_workgroups(1, 1, 1);
}
