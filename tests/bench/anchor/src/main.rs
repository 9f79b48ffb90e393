// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//! What a packet costs a device of rust-vmm's crates: the words of ../plan.h, with image=FILE as
//! bench_core has written it. Prints the same three figures; only device() is timed.

mod image;
mod plan;

use std::process::exit;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use image::Image;
use plan::Plan;
use virtio_queue::{Queue, QueueT};
use virtio_vsock::packet::{VsockPacket, PKT_HEADER_SIZE};
use vm_memory::bitmap::BitmapSlice;
use vm_memory::GuestMemoryRegion;
use vm_memory::{Bytes, GuestAddress, GuestMemoryBackend, GuestMemoryMmap};

const BATCH: u16 = 64;
const PAYLOAD_MAX: u32 = 65536;
const MOST_BATCHES: usize = 65536;

/// Copied from, or to, by lines of the cache, as in core.c.
#[repr(align(64))]
struct Data([u8; PAYLOAD_MAX as usize]);

/// What a device has of its own.
pub struct Work {
    plan: Plan,
    memory: GuestMemoryMmap,
    queue: Queue,
    data: Box<Data>,
}

fn sum_of<B: BitmapSlice>(plan: &Plan, packet: &VsockPacket<B>) -> u64 {
    if !plan.check {
        return u64::from(packet.src_port().wrapping_add(packet.len()));
    }
    let numbers = [
        packet.src_port(),
        packet.dst_port(),
        packet.len(),
        u32::from(packet.type_()),
        u32::from(packet.op()),
        packet.flags(),
        packet.buf_alloc(),
        packet.fwd_cnt(),
    ];
    let rest: u64 = numbers.into_iter().map(u64::from).sum();
    packet.src_cid() + packet.dst_cid() + rest
}

fn take_packets(work: &mut Work) -> u64 {
    let memory = &work.memory;
    let mut sum = 0;

    while let Some(mut chain) = work.queue.pop_descriptor_chain(memory) {
        if let Ok(packet) = VsockPacket::from_tx_virtq_chain(memory, &mut chain, PAYLOAD_MAX) {
            sum += sum_of(&work.plan, &packet);
            if let (true, Some(payload)) = (work.plan.copied, packet.data_slice()) {
                payload.copy_to(&mut work.data.0[..]);
            }
        }
        let _ = work.queue.add_used(memory, chain.head_index(), 0);
    }
    sum
}

/// All fields at once: quicker than a setter for each, which all write to the memory.
fn header(port: u32, len: u32) -> [u8; PKT_HEADER_SIZE] {
    let mut wire = [0; PKT_HEADER_SIZE];
    wire[0..8].copy_from_slice(&2u64.to_le_bytes());
    wire[8..16].copy_from_slice(&3u64.to_le_bytes());
    wire[16..20].copy_from_slice(&port.to_le_bytes());
    wire[20..24].copy_from_slice(&5000u32.to_le_bytes());
    wire[24..28].copy_from_slice(&len.to_le_bytes());
    wire[28..30].copy_from_slice(&1u16.to_le_bytes());
    wire[30..32].copy_from_slice(&5u16.to_le_bytes());
    wire[36..40].copy_from_slice(&262144u32.to_le_bytes());
    wire[40..44].copy_from_slice(&77u32.to_le_bytes());
    wire
}

fn put_packets(work: &mut Work) -> u64 {
    let memory = &work.memory;
    let payload = work.plan.payload;
    let mut sum = 0;
    let mut port = 1024;

    while let Some(mut chain) = work.queue.pop_descriptor_chain(memory) {
        let mut written = 0;
        if let Ok(mut packet) = VsockPacket::from_rx_virtq_chain(memory, &mut chain, PAYLOAD_MAX) {
            let _ = packet.set_header_from_raw(&header(port, payload));
            if let (true, Some(room)) = (work.plan.copied, packet.data_slice()) {
                room.copy_from(&work.data.0[..payload as usize]);
            }
            sum += sum_of(&work.plan, &packet);
            written = PKT_HEADER_SIZE as u32 + payload;
        }
        port += 1;
        let _ = work.queue.add_used(memory, chain.head_index(), written);
    }
    sum
}

/// All that is there: a batch.
#[no_mangle]
#[inline(never)]
pub extern "C" fn device(work: &mut Work) -> u64 {
    let sum = if work.plan.rx {
        put_packets(work)
    } else {
        take_packets(work)
    };
    let _ = work.queue.enable_notification(&work.memory);
    let _ = work.queue.needs_notification(&work.memory);
    sum
}

/// The driver's part, which is not measured: the same chains once more.
fn offer(work: &Work, offered: u16) {
    let index = GuestAddress(work.queue.avail_ring() + 2);
    let place = work.memory.get_host_address(index).expect("a ring");
    // SAFETY: the queue is valid, so its index lies in the memory, at an even address.
    let index = unsafe { AtomicU16::from_ptr(place.cast()) };
    index.store(offered.to_le(), Ordering::Release);
}

/// Batch after batch: the median's nanoseconds a packet, and the sum of all.
fn measure(work: &mut Work) -> (f64, u64) {
    let begun = Instant::now();
    let limit = Duration::from_millis(work.plan.ms);
    let mut took = Vec::with_capacity(MOST_BATCHES);
    let mut sum: u64 = 0;
    let mut offered: u16 = 0;

    loop {
        offered = offered.wrapping_add(BATCH);
        offer(work, offered);
        let begin = Instant::now();
        sum = sum.wrapping_add(device(work));
        took.push(begin.elapsed());
        let enough = match work.plan.batches {
            0 => begun.elapsed() >= limit,
            batches => took.len() >= batches,
        };
        if enough || took.len() == MOST_BATCHES {
            break;
        }
    }
    took.sort();
    let median = took[took.len() / 2].as_nanos() as f64;
    (median / f64::from(BATCH), sum)
}

fn memory_sum(memory: &GuestMemoryMmap) -> u64 {
    let mut sum: u64 = 0xcbf29ce484222325;
    for region in memory.iter() {
        let mut bytes = vec![0; region.len() as usize];
        memory
            .read_slice(&mut bytes, region.start_addr())
            .expect("a region");
        for byte in bytes {
            sum = (sum ^ u64::from(byte)).wrapping_mul(0x100000001b3);
        }
    }
    sum
}

fn make() -> Result<Work, String> {
    let plan = Plan::read(std::env::args().skip(1))?;
    let image = Image::read(&plan.image)?;
    let data = Box::new(Data(std::array::from_fn(|i| (i * 7) as u8)));
    Ok(Work {
        plan,
        memory: image.memory,
        queue: image.queue,
        data,
    })
}

fn main() {
    let mut work = make().unwrap_or_else(|words| {
        eprintln!("{words}");
        exit(2)
    });
    let (ns, sum) = measure(&mut work);
    let left = if work.plan.check {
        memory_sum(&work.memory)
    } else {
        0
    };
    println!("{ns:.3} {sum} {left:016x}");
}
