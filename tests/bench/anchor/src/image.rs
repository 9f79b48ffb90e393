// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
//! An image as vsk/image.h draws it: regions and one split ring.

use virtio_queue::{Queue, QueueT};
use vm_memory::{Bytes, GuestAddress, GuestMemoryMmap};

const EVENT_IDX: u64 = 1 << 29;

/// A private copy of the memory, and a queue at its start.
pub struct Image {
    pub memory: GuestMemoryMmap,
    pub queue: Queue,
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (found, rest) = self.0.split_at_checked(count).ok_or("the image is short")?;
        self.0 = rest;
        Ok(found)
    }

    fn u32(&mut self) -> Result<u32, String> {
        let bytes = self.bytes(4)?;
        Ok(u32::from_le_bytes(bytes.try_into().expect("4 bytes")))
    }

    fn u64(&mut self) -> Result<u64, String> {
        let bytes = self.bytes(8)?;
        Ok(u64::from_le_bytes(bytes.try_into().expect("8 bytes")))
    }
}

fn read_queue(reader: &mut Reader) -> Result<Queue, String> {
    let words = |error: virtio_queue::Error| error.to_string();
    let desc = reader.u64()?;
    let driver = reader.u64()?;
    let device = reader.u64()?;
    let features = reader.u64()?;
    let size = reader.u32()? as u16;
    reader.bytes(12)?; // both ends are at the start

    let mut queue = Queue::new(size).map_err(words)?;
    queue.set_size(size);
    queue
        .try_set_desc_table_address(GuestAddress(desc))
        .map_err(words)?;
    queue
        .try_set_avail_ring_address(GuestAddress(driver))
        .map_err(words)?;
    queue
        .try_set_used_ring_address(GuestAddress(device))
        .map_err(words)?;
    queue.set_event_idx(features & EVENT_IDX != 0);
    queue.set_ready(true);
    Ok(queue)
}

impl Image {
    /// Read an image with one ring.
    pub fn read(path: &str) -> Result<Image, String> {
        let file = std::fs::read(path).map_err(|error| format!("{path}: {error}"))?;
        let mut reader = Reader(&file);
        if reader.bytes(8)? != b"VSKIMG01" {
            return Err(format!("{path} is no image"));
        }
        let regions = reader.u32()?;
        if reader.u32()? != 1 {
            return Err(format!("{path} has not one ring"));
        }
        let mut ranges = Vec::new();
        for _ in 0..regions {
            ranges.push((GuestAddress(reader.u64()?), reader.u64()? as usize));
        }
        let queue = read_queue(&mut reader)?;
        let memory: GuestMemoryMmap =
            GuestMemoryMmap::from_ranges(&ranges).map_err(|error| error.to_string())?;
        for (start, size) in ranges {
            memory
                .write_slice(reader.bytes(size)?, start)
                .map_err(|error| error.to_string())?;
        }
        if !queue.is_valid(&memory) {
            return Err(format!("{path} has a ring outside its memory"));
        }
        Ok(Image { memory, queue })
    }
}
