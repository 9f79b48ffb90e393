/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/** @file
 * Kit: what both scripting languages need behind the core's nouns and the
 * core does not do: allocation and ownership.
 *
 *     Packet -> Chain -> Queue -> Memory -> Block x regions
 *                                 View  -> Block
 *
 * Every object counts its references; an arrow is one. Script objects begin
 * with the core's own struct, so that a Packet is a vsk_packet. An object
 * whose ground is gone - a chain given back, a memory closed - answers with
 * VSK_ERR_HELD or VSK_ERR_CLOSED; a view keeps its block alive. Nothing here
 * knows a language; an object belongs to one thread.
 */
#ifndef KIT_KIT_H
#define KIT_KIT_H

#include "vsk/buffers.h"
#include "vsk/image.h"
#include "vsk/text.h"

/* What a failed call has to say beyond its status. */
typedef struct kit_why {
    char text[256]; /* empty: the status says it all */
    int number;     /* of ERR_SYSTEM: errno, 0 where it is not known */
} kit_why;

/* Bytes on their way to a script; data is freed with free(). */
typedef struct kit_bytes {
    uint8_t *data;
    size_t size;
} kit_bytes;

/* Bytes that memories, packets and views share. */
typedef struct kit_block {
    uint32_t references;
    uint32_t views;
    size_t size;
    uint8_t *data;
    void (*let_go)(void *owner); /* NULL: data is the block's own */
    void *owner;
} kit_block;

/* Memory that the next struct of its kind is made of. */
typedef struct kit_spare {
    struct kit_spare *next;
} kit_spare;

typedef struct kit_queue kit_queue;

/* A ring in a memory: of a queue that is open, or of a loaded image. */
typedef struct kit_ring {
    vsk_image_ring image;
    kit_queue *queue; /* NULL: not open */
    bool loaded;      /* stays when its queue goes */
} kit_ring;

/* Guest memory: script type Memory. */
typedef struct kit_memory {
    vsk_memory memory;
    uint32_t references;
    bool closed;
    vsk_region *regions;
    kit_block **blocks; /* one for each region */
    vsk_pool pool;
    kit_ring *rings;
    uint32_t ring_count;
} kit_memory;

/* The driver's end of a queue: script type DriverEnd. */
typedef struct kit_driver {
    kit_queue *queue; /* a reference of each script object, not of this */
    vsk_queue_driver end;
    vsk_buffers buffers;
} kit_driver;

/* The device's end of a queue: script type DeviceEnd. */
typedef struct kit_device {
    kit_queue *queue; /* a reference of each script object, not of this */
    vsk_queue_device end;
} kit_device;

/* A queue with both ends: script type Queue. */
struct kit_queue {
    kit_driver driver;
    kit_device device;
    uint32_t references;
    kit_memory *memory;
    vsk_ring ring;
    vsk_ring_slot *slots;
    vsk_record *records;
    vsk_buffer *scratch;
    bool unordered;  /* a chain went back before one that came first */
    vsk_span *spans; /* for the chain that is being popped */
    uint32_t span_count;
    /* Scripts end packets by the hundred, when they collect their garbage:
     * more than malloc has at hand for the next ones. */
    kit_spare *spare_chains; /* each with KIT_CHAIN_SPANS */
    kit_spare *spare_packets;
};

/* Most chains have no more: the room for spans of those that are kept. */
#define KIT_CHAIN_SPANS 4

/* A chain in a script's hands: script type Chain. */
typedef struct kit_chain {
    vsk_chain chain; /* spans behind this struct */
    uint32_t references;
    kit_queue *queue;
    bool came_back; /* the driver reaped it: used counts, else chain.held */
    vsk_used used;
} kit_chain;

/* A packet in a script's hands: script type Packet. */
typedef struct kit_packet {
    vsk_packet packet;
    kit_chain *chain;   /* whose spans it borrows, or NULL */
    kit_block *storage; /* its own payload, or NULL */
    bool room;          /* begun in an RX chain: write and commit */
    bool len_set;       /* len does not follow the payload any more */
} kit_packet;

/* Lengths of descriptors, on their way from a script. */
typedef struct kit_layout {
    uint32_t *pieces; /* freed with free() */
    uint32_t count;
} kit_layout;

/* Buffers on their way from a script. */
typedef struct kit_list {
    vsk_buffer *buffers; /* freed with free() */
    uint32_t count;
    uint32_t indirect; /* how many, from the last, go into a table */
} kit_list;

/* Packets of a queue's end, one after the other. */
typedef struct kit_packets {
    kit_queue *queue;
    bool driver;     /* at the driver's end */
    uint32_t limit;  /* max_payload */
    kit_chain *last; /* is given back when the next one is asked for */
} kit_packets;

/* block.c */
kit_block *kit_block_new(size_t size);
/* A block of bytes that somebody else owns, who is let go with it; also where
 * memory is short, and NULL is returned. */
kit_block *kit_block_borrow(uint8_t *data, size_t size,
                            void (*let_go)(void *owner), void *owner);
kit_block *kit_block_ref(kit_block *block);
void kit_block_unref(kit_block *block);

/* spare.c */
/* What was kept, or fresh memory; NULL where there is none. */
void *kit_spare_take(kit_spare **list, size_t size);
void kit_spare_keep(kit_spare **list, void *memory);
/* Free all that was kept. */
void kit_spare_free(kit_spare **list);

/* memory.c */
vsk_status kit_memory_new(const vsk_range *regions, uint32_t count, int fill,
                          kit_memory **memory);
/* One region that is there already: a reference to its block is kept. */
vsk_status kit_memory_wrap(kit_block *block, uint64_t addr,
                           kit_memory **memory);
kit_memory *kit_memory_ref(kit_memory *memory);
void kit_memory_unref(kit_memory *memory);
vsk_status kit_memory_close(kit_memory *memory);
vsk_status kit_memory_read(kit_memory *memory, uint64_t addr, uint64_t len,
                           kit_bytes *bytes);
vsk_status kit_memory_write(kit_memory *memory, uint64_t addr, const void *data,
                            size_t size);
vsk_status kit_memory_fill(kit_memory *memory, uint64_t addr, uint8_t value,
                           uint64_t len);
vsk_status kit_memory_alloc(kit_memory *memory, uint64_t size, uint64_t align,
                            uint64_t *addr);
vsk_status kit_memory_free(kit_memory *memory, uint64_t addr, uint64_t size);
uint64_t kit_memory_available(const kit_memory *memory);
/* The bytes of a range in one region, and the block that keeps them. */
vsk_status kit_memory_locate(kit_memory *memory, uint64_t addr, uint64_t len,
                             kit_block **block, uint8_t **base);
/* Room for more ranges in the pool's table, before something is allocated. */
vsk_status kit_memory_prepare(kit_memory *memory);
/* saved.c */
/* The place of a ring: VSK_NONE behind the last one. */
vsk_status kit_memory_ring(kit_memory *memory, uint32_t index,
                           vsk_image_ring *ring);
vsk_status kit_memory_head(kit_memory *memory, kit_bytes *bytes);
/* Whether an image with this front has so many bytes in all: ask before
 * kit_memory_load, which takes the regions' sizes as they are. */
vsk_status kit_image_fits(const void *front, size_t size, uint64_t total);
vsk_status kit_memory_load(const void *data, size_t size, kit_memory **memory);
/* After the bytes of a loaded image: keep what its rings refer to. */
vsk_status kit_memory_adopt(kit_memory *memory);

/* queue.c */
vsk_status kit_queue_new(kit_memory *memory, uint32_t size, uint64_t features,
                         kit_queue **queue);
vsk_status kit_queue_open(kit_memory *memory, const vsk_image_ring *ring,
                          kit_queue **queue);
kit_queue *kit_queue_ref(kit_queue *queue);
void kit_queue_unref(kit_queue *queue);
/* VSK_ERR_CLOSED where the memory is gone. */
vsk_status kit_queue_check(const kit_queue *queue);
/* In a packed ring next is the buffer id. */
vsk_status kit_queue_get_desc(kit_queue *queue, uint32_t slot, vsk_desc *desc);
vsk_status kit_queue_set_desc(kit_queue *queue, uint32_t slot, uint64_t addr,
                              uint32_t len, uint16_t flags, uint16_t next);
vsk_image_ring kit_queue_image(const kit_queue *queue);
/* VSK_ERR_BUSY where a queue that is opened there would not go on alike. */
vsk_status kit_queue_may_save(const kit_queue *queue);

/* fields.c: what stands in the ring, by name */
/* The name of a field, and whether each slot has one; NULL behind the last. */
const char *kit_queue_field(const kit_queue *queue, uint32_t index,
                            bool *slots);
vsk_status kit_queue_get(kit_queue *queue, const char *name, uint32_t slot,
                         uint64_t *value, kit_why *why);
vsk_status kit_queue_set(kit_queue *queue, const char *name, uint64_t value,
                         uint32_t slot, kit_why *why);

/* driver.c */
kit_driver *kit_queue_driver(kit_queue *queue);
void kit_driver_unref(kit_driver *driver);
vsk_status kit_driver_send(kit_driver *driver, kit_packet *packet,
                           const kit_layout *layout, bool indirect,
                           uint16_t *head);
vsk_status kit_driver_post(kit_driver *driver, uint32_t size,
                           const kit_layout *layout, bool indirect,
                           uint16_t *head);
vsk_status kit_driver_add(kit_driver *driver, const kit_list *buffers,
                          uint16_t *head);
vsk_status kit_driver_offer(kit_driver *driver, uint16_t head);
vsk_status kit_driver_reap(kit_driver *driver, vsk_used *used);
vsk_status kit_driver_should_kick(kit_driver *driver, bool *yes);
vsk_status kit_driver_enable_interrupts(kit_driver *driver, bool *yes);
vsk_status kit_driver_disable_interrupts(kit_driver *driver);
uint32_t kit_driver_free(const kit_driver *driver);
uint32_t kit_driver_outstanding(const kit_driver *driver);
/* The next chain that came back, its buffers not free yet; NULL: none. */
vsk_status kit_driver_take(kit_driver *driver, kit_chain **chain);

/* device.c */
kit_device *kit_queue_device(kit_queue *queue);
void kit_device_unref(kit_device *device);
vsk_status kit_device_pop(kit_device *device, kit_chain **chain);
vsk_status kit_device_push(kit_device *device, kit_chain *chain,
                           uint32_t written);
vsk_status kit_device_give(kit_device *device, kit_chain *chain,
                           uint32_t written);
vsk_status kit_device_publish(kit_device *device);
vsk_status kit_device_send(kit_device *device, kit_packet *packet,
                           uint32_t *written, kit_why *why);
vsk_status kit_device_should_interrupt(kit_device *device, bool *yes);
vsk_status kit_device_enable_kicks(kit_device *device, bool *yes);
vsk_status kit_device_disable_kicks(kit_device *device);
vsk_status kit_device_reset(kit_device *device);
uint32_t kit_device_held(const kit_device *device);
/* The index of the chain that should go back first. */
uint16_t kit_device_oldest(const kit_device *device);

/* chain.c */
kit_chain *kit_chain_ref(kit_chain *chain);
void kit_chain_unref(kit_chain *chain);
/* VSK_ERR_HELD or VSK_ERR_CLOSED where its spans must not be touched. */
vsk_status kit_chain_check(const kit_chain *chain);
/* Free the buffers of a chain that came back to the driver, once. */
void kit_chain_release(kit_chain *chain);
/* A copy of a chain that stands in the queue's own span table. */
vsk_status kit_chain_new(kit_queue *queue, const vsk_chain *chain,
                         kit_chain **copy);

/* packet.c */
vsk_status kit_header_parse(const void *data, size_t size, vsk_header **header);
vsk_status kit_packet_new(kit_packet **packet);
void kit_packet_delete(kit_packet *packet);
/* Replace the payload by a copy of some bytes. */
vsk_status kit_packet_set_payload(kit_packet *packet, const void *data,
                                  size_t size);
vsk_status kit_packet_parse(const void *data, size_t size, uint32_t max_payload,
                            kit_packet **packet);
vsk_status kit_packet_from_tx(kit_chain *chain, uint32_t max_payload,
                              kit_packet **packet, kit_why *why);
vsk_status kit_packet_into_rx(kit_chain *chain, uint32_t max_payload,
                              kit_packet **packet, kit_why *why);
vsk_status kit_packet_from_back(kit_chain *chain, uint32_t max_payload,
                                kit_packet **packet, kit_why *why);
/* VSK_OK where the payload may be touched. */
vsk_status kit_packet_live(const kit_packet *packet);
/* The header alone, as vsk_header_check. */
vsk_status kit_packet_check(const kit_packet *packet);
vsk_status kit_packet_write(kit_packet *packet, const void *data, size_t size);
vsk_status kit_packet_commit(kit_packet *packet, uint32_t *written);
vsk_status kit_packet_encode(kit_packet *packet, kit_bytes *bytes);
/* The payload where it lies in one piece: base is NULL where it does not. */
vsk_status kit_packet_flat(kit_packet *packet, kit_block **block,
                           uint8_t **base);
/* The payload as a new block. */
vsk_status kit_packet_join(kit_packet *packet, kit_block **block);
bool kit_packet_equal(kit_packet *packet, kit_packet *other);
/* A packet with a copy of the payload, wherever that stands. */
vsk_status kit_packet_copy(const vsk_packet *packet, kit_packet **copy);

/* packets.c */
vsk_status kit_device_packets(kit_device *device, uint32_t max_payload,
                              kit_packets **packets);
vsk_status kit_driver_packets(kit_driver *driver, uint32_t max_payload,
                              kit_packets **packets);
void kit_packets_delete(kit_packets *packets);
vsk_status kit_packets_next(kit_packets *packets, kit_packet **packet,
                            kit_why *why);

/* text.c: strings that are freed with free(); NULL where memory is short */
char *kit_text_packet(const vsk_header *header);
char *kit_text_fields(const vsk_header *header);
char *kit_text_chain(const kit_chain *chain);
char *kit_text_drawing(const kit_chain *chain);
void kit_explain(kit_why *why, vsk_status status, const vsk_chain *chain);

#endif
